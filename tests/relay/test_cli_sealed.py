"""`holub sealed`: from a resident's words to the service's answer, read by nobody between."""

import os
from pathlib import Path

import pytest

from holub_crypto.identity import Identity
from holub_relay import keyfile
from support_relay import Daemon, daemon, made, ok, ok_json, run

WORDS = "Insulin for two, Pecherska 5, flat 12"
ANSWER = "A nurse is on her way"


def service(folder: Path) -> tuple[Path, Path, str]:
    """A realm whose desk reads sealed messages: the directory, the key file, the desk's key."""
    data = made(folder)
    ok("key", "new", folder / "sealing.key", "--no-passphrase")
    desk = keyfile.load(data, "desk").public.hex()
    ok("realm", "grant", "--data", data, "--desk", "--subject", desk,
       "--sealing", folder / "sealing.key.pub" if (folder / "sealing.key.pub").exists()
       else folder / "sealing.pub")  # fmt: skip
    return data, folder / "sealing.key", desk


def test_there_and_back(tmp_path: Path) -> None:
    """The service opens what was sealed to it, and only the sender opens the answer."""
    data, sealing, desk = service(tmp_path)
    words = tmp_path / "words.txt"
    words.write_text(WORDS)
    sent = ok_json("sealed", "send", "--data", data, "--to", desk, "--kind", "need-medical",
                   "--file", words, "--answer-key", tmp_path / "mine.key")  # fmt: skip
    read = ("sealed", "read", "--data", data, "--key", sealing, "--service", desk)
    (letter,) = ok_json(*read)
    assert (letter["id"], letter["text"], letter["awaits_answer"]) == (sent["id"], WORDS, True)
    words.write_text(ANSWER)
    ok("sealed", "answer", sent["id"][:12], "--data", data, "--key", sealing, "--service", desk,
       "--file", words)  # fmt: skip
    assert ANSWER in ok("sealed", "read", "--data", data, "--key", tmp_path / "mine.key")
    assert ok_json("sealed", "read", "--data", data, "--key", sealing) == []


def test_a_new_key_follows_an_old_one(tmp_path: Path) -> None:
    """What was sealed before the change opens with the old key file, what came after with the
    new one; given both, both open."""
    data, old, desk = service(tmp_path)
    words, new = tmp_path / "words.txt", tmp_path / "new.key"
    send = ("sealed", "send", "--data", data, "--to", desk, "--kind", "need", "--file", words)
    words.write_text("before")
    ok(*send)
    keyfile.write(new, "new", Identity.generate(os.urandom).seed)
    public = keyfile.read(new).public.hex()
    ok("realm", "grant", "--data", data, "--desk", "--subject", desk, "--sealing", public,
       "--days", "400")  # fmt: skip
    words.write_text("after")
    ok(*send)
    read = ("sealed", "read", "--data", data, "--service", desk)
    assert [each["text"] for each in ok_json(*read, "--key", old)] == ["before"]
    assert [each["text"] for each in ok_json(*read, "--key", new)] == ["after"]
    both = ok_json(*read, "--key", old, "--key", new)
    assert sorted(each["text"] for each in both) == ["after", "before"]


def test_wrong_use(tmp_path: Path) -> None:
    """Too much content, no such file, no such service, no such letter: each is said, and no key
    for an answer is left lying about."""
    data, sealing, desk = service(tmp_path)
    words, mine = tmp_path / "words.txt", tmp_path / "mine.key"
    words.write_bytes(bytes(2000))
    send = ("sealed", "send", "--data", data, "--kind", "need", "--answer-key", mine)
    assert "what a box holds" in run(*send, "--to", desk, "--file", words).output
    assert "can't read" in run(*send, "--to", desk, "--file", tmp_path / "none").output
    words.write_text("x")
    assert run(*send, "--to", "00" * 32, "--file", words).exit_code == 3
    assert "no sealed kind" in run(*send[:-4], "--kind", "alert", "--answer-key", mine,
                                   "--to", desk, "--file", words).output  # fmt: skip
    assert not mine.exists()
    answer = ("sealed", "answer", "abcdef", "--data", data, "--key", sealing, "--service", desk)
    assert run(*answer, "--file", words).exit_code == 3
    ok(*send[:-2], "--to", desk, "--file", words)
    (letter,) = ok_json("sealed", "read", "--data", data, "--key", sealing, "--service", desk)
    result = run("sealed", "answer", letter["id"], *answer[3:], "--file", words)
    assert "awaits no answer" in result.output


@pytest.mark.slow
def test_nothing_secret_is_in_the_log_the_store_or_a_file(tmp_path: Path) -> None:
    """A relay that took the words in, at its most talkative, has them nowhere, nor any key."""
    data, sealing, desk = service(tmp_path)
    words, mine = tmp_path / "words.txt", tmp_path / "mine.key"
    words.write_text(WORDS)
    with daemon(data, "--verbose") as relay:
        ok("sealed", "send", "--data", data, "--to", desk, "--kind", "need", "--file", words,
           "--answer-key", mine)  # fmt: skip
        assert WORDS in ok("sealed", "read", "--data", data, "--key", sealing, "--service", desk)
        ok("export", "--data", data, tmp_path / "stick.holub")
        log = stopped(relay)
    seeds = [path.read_text().split("seed ")[1].split()[0]
             for path in (sealing, mine, *sorted((data / "keys").glob("*.key")))]  # fmt: skip
    assert len(seeds) >= 4
    secrets = [WORDS.encode(), WORDS.encode().hex().encode(), *map(str.encode, seeds)]
    secrets += [bytes.fromhex(seed) for seed in seeds]
    places = {"log": log.encode(), "stick": (tmp_path / "stick.holub").read_bytes()}
    places |= {path.name: path.read_bytes() for path in data.glob("store.db*")}
    assert "store.db" in places
    found = [name for name, content in places.items() if any(s in content for s in secrets)]
    assert found == []


def stopped(relay: Daemon) -> str:
    """Stop a relay; return all that it wrote."""
    relay.process.terminate()
    return relay.process.communicate(timeout=20)[0]
