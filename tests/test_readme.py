"""What the README shows works as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from refrnn.commands.main import main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_python_runs_from_top_to_bottom(tmp_path):
    checked = re.sub(r"^(.*\.shape) +# (\([0-9, ]+\)).*$", r"assert \1 == \2", "\n".join(BLOCKS), flags=re.MULTILINE)
    assert checked.count("assert") == 2 + "\n".join(BLOCKS).count("assert")
    result = subprocess.run([sys.executable, "-c", checked], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[0] == "hello"


def test_the_first_yaml_of_one_s_own_verifies(tmp_path):
    text = re.search(r"```yaml\n(.*?)```", README, re.DOTALL).group(1)
    (tmp_path / "rate.yaml").write_text(text)
    for arguments in (["show", "rate.yaml"], ["verify", "rate.yaml", "--mutants"]):
        result = CliRunner().invoke(main, [arguments[0], str(tmp_path / arguments[1]), *arguments[2:]])
        assert result.exit_code == 0, result.output


def test_ci_runs_the_test_line():
    lines = [line.strip() for line in README.splitlines() if "-m pytest" in line]
    assert len(lines) == 1 and lines[0].startswith("python3 -m venv .venv && .venv/bin/pip install")
    assert "grep -m 1 -- '-m pytest' README.md" in (ROOT / ".ci" / "run").read_text()


def test_what_is_said_of_speed_is_what_was_measured():
    page = (ROOT / "BENCHMARKS.md").read_text()
    plain, bound = re.findall(r"won \d+, tied \d+, lost \d+", " ".join(README.split()))
    assert f"## Against the fastest of the others: {plain} of 42\n" in page
    assert f"\nWith weights that are bound once (`spec.bind`): {bound} of 42.\n" in page


@pytest.mark.parametrize("path", re.findall(r"\]\(([^)]+)\)", README))
def test_links_lead_somewhere(path):
    assert (ROOT / path).is_file()
