"""python -m refrnn ... does the same as the installed command refrnn."""

from refrnn.commands.main import main

if __name__ == "__main__":
    main(prog_name="refrnn")
