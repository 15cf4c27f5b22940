import os
import stat

import pytest

from reprior import SpecError
from reprior.files import require_writable, write_text


def test_text_arrives(tmp_path):
    write_text(tmp_path / "a", "päth\n")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "päth\n"


def test_a_lone_surrogate_is_escaped(tmp_path):
    write_text(tmp_path / "a", "x\udcffy")
    assert (tmp_path / "a").read_bytes() == rb"x\udcffy"


def test_a_failure_leaves_what_was_there(tmp_path, monkeypatch):
    target = tmp_path / "a"
    target.write_text("before")

    def full(source, destination):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SpecError, match=f"cannot write '{target}': No space left on device"):
        write_text(target, "after")
    assert target.read_text() == "before"
    assert os.listdir(tmp_path) == ["a"]


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupted(source, destination):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a", "text")
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_the_mode_is_that_of_any_new_file_or_of_the_old_one(tmp_path):
    (tmp_path / "usual").touch()
    write_text(tmp_path / "new", "")
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode
    (tmp_path / "new").chmod(0o640)
    write_text(tmp_path / "new", "again")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640


@pytest.mark.skipif(os.name == "nt", reason="links need rights")
def test_a_link_is_followed(tmp_path):
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_text(tmp_path / "link", "after")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "after"


@pytest.mark.skipif(os.name == "nt", reason="devices are POSIX")
def test_a_device_stays_a_device():
    write_text(os.devnull, "text")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_what_cannot_be_written_is_refused_at_once(tmp_path):
    with pytest.raises(SpecError, match="it is a directory"):
        require_writable(tmp_path)
    with pytest.raises(SpecError, match="there is no directory"):
        require_writable(tmp_path / "none" / "a")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_closed_directory_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(SpecError, match="permission denied"):
        require_writable(tmp_path / "a")
