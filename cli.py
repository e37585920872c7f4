"""python cli.py ... does the same as the installed command refrnn."""

from refrnn.commands.start import start

if __name__ == "__main__":
    start()
