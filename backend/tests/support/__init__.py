"""What the tests share: the programs that they talk to, the people that they play, the seam to the inside."""
