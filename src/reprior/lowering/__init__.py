"""What front-ends share: the structure of operations, without any framework."""
