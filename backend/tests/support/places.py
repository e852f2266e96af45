"""Where things lie in the repository."""

from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2]
REPOSITORY = BACKEND.parent
FRONTEND = REPOSITORY / "frontend"
