"""requirements/install: what it says when a machine lacks something, and what it leaves alone, redoes or makes anew.

It runs for real (sh, venv, pip) in a small checkout whose locks name wheels made here; pip has no index. What a machine is
like is told by stand-ins for `uname`, `id`, `df` and the like, in a folder at the front of PATH.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.setup.checkout import PYTHON, Checkout, make_checkout, make_wheel

APT = "sudo apt-get update && sudo apt-get install -y --no-install-recommends python3.11-venv libnuma1"


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment to copy: making one takes seconds, and that is not what is tested."""
    made = tmp_path_factory.mktemp("environment") / ".venv"
    subprocess.run([PYTHON, "-m", "venv", made], check=True)
    return made


@pytest.fixture
def bare(tmp_path: Path, environment: Path) -> Checkout:
    """Nothing is installed yet."""
    return make_checkout(tmp_path, environment)


@pytest.fixture(scope="module")
def module_checkout(tmp_path_factory: pytest.TempPathFactory, environment: Path) -> Checkout:
    return make_checkout(tmp_path_factory.mktemp("installed"), environment)


@pytest.fixture
def full(module_checkout: Checkout) -> tuple[Checkout, dict[str, str]]:
    """Everything is installed; with the settings under which pip finds the wheels."""
    checkout = module_checkout
    settings = {"TORCH_WHEELS": str(checkout.tools.parent / "torch"), "PIP_FIND_LINKS": str(checkout.tools.parent / "wheels")}
    result = checkout.install("dev", **settings)
    assert result.returncode == 0, result.stderr
    return checkout, settings


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """The one line that a refused install prints."""
    assert result.returncode == 1
    [line] = (result.stdout + result.stderr).splitlines()
    return line


# --- what a machine lacks ---


@pytest.mark.parametrize("machine", ["Darwin arm64", "Linux aarch64"])
def test_another_kind_of_machine_is_told_of_the_container_file(bare: Checkout, machine: str) -> None:
    system, processor = machine.split()
    bare.tool("uname", f'[ "$1" = -s ] && echo {system} || echo {processor}')
    line = refusal(bare.install())
    assert f"{system} on {processor}" in line
    assert "container file" in line
    assert not (bare.folder / ".venv").exists()


def test_a_processor_without_avx2_is_refused(bare: Checkout) -> None:
    bare.tool("grep", "exit 1")
    assert "no AVX2" in refusal(bare.install())


def test_another_python_is_refused_with_its_version(bare: Checkout) -> None:
    for name in ("python3.11", "python3"):
        bare.tool(name, "echo 3.12")
    line = refusal(bare.install())
    assert "Python 3.11 is needed" in line
    assert "3.12" in line


def test_a_python_named_by_the_user_is_the_one_that_counts(bare: Checkout) -> None:
    bare.tool("mine", "echo 3.9")
    assert "mine is 3.9" in refusal(bare.install(PYTHON="mine"))


@pytest.fixture
def lacking(bare: Checkout) -> Checkout:
    """A Debian whose Python has neither venv nor libnuma until apt-get has installed them."""
    have = bare.tools / "have"
    bare.tool("python3.11", f'case "$*" in *ensurepip*|*libnuma*) [ -e {have} ]; exit;; esac; exec {PYTHON} "$@"')
    bare.tool("apt-get", f'echo "$@" >> {bare.tools}/asked; case "$*" in *install*) touch {have};; esac')
    return bare


def test_a_user_is_told_the_apt_command_in_one_line(lacking: Checkout) -> None:
    lacking.tool("id", "echo 1000")
    assert refusal(lacking.install()).endswith(f"run  {APT}")
    assert not (lacking.tools / "asked").exists()


def test_a_user_is_told_what_only_tests_need(lacking: Checkout) -> None:
    lacking.tool("id", "echo 1000")
    for name in ("curl", "ip", "chromium", "initdb", "systemd-analyze"):
        (lacking.tools / name).unlink()
    for name in ("sh", "env", "dirname", "cat", "uname", "grep", "flock", "sha256sum"):
        (lacking.tools / name).symlink_to(str(shutil.which(name)))
    assert refusal(lacking.install("dev", PATH=str(lacking.tools))).endswith(f"run  {APT} curl systemd iproute2 chromium postgresql")


def test_root_gets_the_packages_installed(lacking: Checkout) -> None:
    lacking.tool("id", "echo 0")
    lacking.tool("df", "printf 'header\\ndisk 9 9 7000 9%% /\\n'")  # ends the run right after
    result = lacking.install()
    assert (lacking.tools / "asked").read_text().splitlines() == ["-qq update", f"-qq {APT.split('sudo apt-get ')[2]}"]
    assert "GB are needed" in result.stderr


def test_without_apt_the_packages_are_named(lacking: Checkout) -> None:
    (lacking.tools / "apt-get").unlink()
    for name in ("sh", "env", "dirname", "cat", "uname", "grep", "flock"):
        (lacking.tools / name).symlink_to(str(shutil.which(name)))
    assert "python3.11-venv libnuma1" in refusal(lacking.install(PATH=str(lacking.tools)))


def test_a_full_disk_is_told_before_anything_is_made(bare: Checkout) -> None:
    bare.tool("df", "printf 'header\\ndisk 9 9 4000000 9%% /\\n'")
    line = refusal(bare.install())
    assert "about 6 GB are needed" in line
    assert "4 GB are free" in line
    assert not (bare.folder / ".venv").exists()


def test_torch_that_is_nowhere_is_told_before_the_rest_is_fetched_and_can_be_named_later(bare: Checkout, tmp_path: Path) -> None:
    result = bare.install(PIP_FIND_LINKS=str(tmp_path / "wheels"))
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert "torch==2.13.0+cpu" in line
    assert "TORCH_WHEELS" in line
    assert "https://pytorch.org/get-started/locally/" in line
    assert bare.installed("other") == ""

    assert "neither a folder nor a URL" in bare.install(TORCH_WHEELS=str(tmp_path / "nothing")).stderr

    made = (tmp_path / "torch" / "torch-2.13.0+cpu-py3-none-any.whl").read_bytes()
    make_wheel(tmp_path / "torch", "torch", "2.13.0+cpu", "changed = True")
    refused = bare.install(TORCH_WHEELS=str(tmp_path / "torch"), PIP_FIND_LINKS=str(tmp_path / "wheels"))
    assert refused.returncode == 1
    assert "DO NOT MATCH THE HASHES" in refused.stderr
    assert bare.installed("torch") == ""

    (tmp_path / "torch" / "torch-2.13.0+cpu-py3-none-any.whl").write_bytes(made)
    result = bare.install(TORCH_WHEELS=str(tmp_path / "torch"), PIP_FIND_LINKS=str(tmp_path / "wheels"))
    assert result.returncode == 0, result.stderr
    assert bare.installed("torch") == "2.13.0+cpu"
    assert bare.installed("other") == "1"
    assert bare.installed("extra") == ""


# --- a second run, and what a first one left ---

Full = tuple[Checkout, dict[str, str]]


def test_a_second_run_does_and_says_nothing(full: Full) -> None:
    checkout, _ = full
    before = {path: path.stat().st_mtime_ns for path in (checkout.folder / ".venv").rglob("*")}
    (checkout.tools / "python3.11").rename(checkout.tools / "kept")
    checkout.tool("python3.11", "echo python was not to be called; exit 1")
    for part in ([], ["dev"]):
        result = checkout.install(*part)  # without the settings: pip would find nothing
        assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    (checkout.tools / "kept").rename(checkout.tools / "python3.11")
    assert {path: path.stat().st_mtime_ns for path in (checkout.folder / ".venv").rglob("*")} == before


def test_an_interrupted_step_is_done_again_over_what_it_left(full: Full) -> None:
    checkout, settings = full
    stamp = checkout.folder / ".venv/installed/cpu"
    stamp.rename(stamp.with_name("cpu.begun"))
    module = checkout.folder / ".venv/lib/python3.11/site-packages/other.py"
    module.write_text("")  # pip's records still say that it is installed
    assert checkout.install(**settings).returncode == 0
    assert checkout.installed("other") == "1"
    assert stamp.exists()


def test_a_changed_lock_is_installed_over_the_old_one(full: Full, tmp_path: Path) -> None:
    checkout, settings = full
    wheels = checkout.tools.parent / "wheels"
    before = (checkout.folder / "requirements/dev.lock").read_text()
    checkout.lock("dev", make_wheel(wheels, "extra", "2"))
    assert checkout.install("dev", **settings).returncode == 0
    assert checkout.installed("extra") == "2"
    (checkout.folder / "requirements/dev.lock").write_text(before)


def test_a_half_made_environment_is_made_anew(full: Full) -> None:
    checkout, settings = full
    shutil.rmtree(checkout.folder / ".venv/lib/python3.11/site-packages/pip")
    (checkout.folder / ".venv/installed/cpu").unlink()
    (checkout.folder / ".venv/remains").touch()
    assert checkout.install(**settings).returncode == 0
    assert checkout.installed("other") == "1"
    assert not (checkout.folder / ".venv/remains").exists()


def test_a_moved_checkout_gets_a_new_environment(full: Full) -> None:
    checkout, settings = full
    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))
    result = checkout.install(**settings)
    assert result.returncode == 0, result.stderr
    assert (checkout.folder / ".venv/bin/pip").read_text().startswith(f"#!{checkout.folder}/.venv/")


def test_a_gpu_that_appears_later_gets_an_environment_of_its_own(full: Full) -> None:
    checkout, settings = full
    wheels = checkout.tools.parent / "wheels"
    checkout.lock("gpu", make_wheel(wheels, "torch", "2.13.0"), make_wheel(wheels, "driver", "1"))
    checkout.tool("nvidia-smi", "exit 0")
    checkout.tool("gcc", "exit 0")
    checkout.tool("mine", f'case "$*" in *Python.h*) exit 0;; esac; exec {checkout.tools}/python3.11 "$@"')
    result = checkout.install(**settings, PYTHON="mine")
    checkout.tool("nvidia-smi", "exit 9")
    assert result.returncode == 0, result.stderr
    assert (checkout.installed("torch"), checkout.installed("driver"), checkout.installed("other")) == ("2.13.0", "1", "")


def test_the_lock_of_another_machine_can_be_asked_for(full: Full) -> None:
    """A container for GPUs is built where there is none."""
    checkout, settings = full
    wheels = checkout.tools.parent / "wheels"
    checkout.lock("gpu", make_wheel(wheels, "torch", "2.13.0"), make_wheel(wheels, "driver", "1"))
    checkout.tool("gcc", "exit 0")
    checkout.tool("mine", f'case "$*" in *Python.h*) exit 0;; esac; exec {checkout.tools}/python3.11 "$@"')
    result = checkout.install(**settings, PYTHON="mine", LOCK="gpu")
    assert result.returncode == 0, result.stderr
    assert (checkout.installed("driver"), checkout.installed("other")) == ("1", "")


def test_a_lock_that_there_is_not_is_told(full: Full) -> None:
    checkout, settings = full
    assert refusal(checkout.install(**settings, LOCK="tpu")) == "LOCK must be cpu or gpu, and is tpu."
