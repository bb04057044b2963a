from click.testing import CliRunner

import twin
from twin.cli.terminal import twin_group


def run(*words):
    import twin.cli  # noqa: F401  it adds the commands

    return CliRunner().invoke(twin_group, list(words), catch_exceptions=False)


def test_two_cities_on_the_command_line(pair, tmp_path):
    for city in pair:
        twin.write(city, tmp_path / city.name)
    places = [str(tmp_path / city.name) for city in pair]
    done = run("benchmark", *places, "--pack", "sdg-11", "--lang", "zh", "-o", str(tmp_path / "out"))
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "指标\tNorth\tSouth"
    assert any(line.startswith("沿路网500米内有公交或电车站的人口\t") for line in lines)
    assert "并非真实城市" in done.stderr
    assert (tmp_path / "out" / "report.html").is_file()
