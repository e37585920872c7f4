"""Readers of typeset equations, which share nothing with what typesets them: from Unicode, LaTeX and MathML to what is typed."""
