"""References of what joins cells into networks: see refrnn.compose."""
