"""setup.cfg names every package of the tree, and nothing that is not there."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"refrnn": "refrnn", "kernels": "refrnn.kernels", "specs": "refrnn.specs"}


def packages_in_tree():
    found = set()
    for folder, name in ROOMS.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            parts = init.parent.relative_to(ROOT / folder).parts
            found.add(".".join((name, *parts)))
    return found


def test_every_package_is_listed():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = set(config["options"]["packages"].split())
    assert listed == packages_in_tree()


def test_every_folder_of_code_is_a_package():
    for folder in ROOMS:
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), f"{path.parent} lacks __init__.py"


@pytest.mark.skipif(shutil.which("bash") is None, reason="CI runs in bash")
def test_ci_asks_the_oldest_and_the_newest_python():
    found = subprocess.run([ROOT / ".ci" / "pythons"], capture_output=True, text=True, check=True).stdout.split()
    versions = [subprocess.run([path, "-c", "import sys; print(sys.version_info[1])"], capture_output=True, text=True, check=True).stdout for path in found]
    assert len(found) <= 2 and all(int(version) >= 10 for version in versions) and versions == sorted(set(versions), key=int)
