"""The child's end of src/process.mjs: commands come as lines, one JSON line answers each."""
import json
import sys


def serve(reply_to):
    """Answers `reply_to(command, rest)` to each line until `quit`."""
    for line in sys.stdin:
        name, _, arguments = line.strip().partition(" ")
        if name == "quit":
            break
        try:
            answer = reply_to(name, arguments)
        except Exception as error:  # reported to the other end, which decides
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
