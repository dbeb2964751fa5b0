"""The charters of a realm in succession: which version is in force, and what competes with it.

A later version needs k of the old and k of the new root keys, as TUF's root metadata does. Two
successors of one version are both kept and neither is followed.
"""

from enum import Enum

from holub_crypto.charter import Charter, CharterError, SignedCharter, decode, fingerprint, split


class CharterOutcome(Enum):
    """What came of a charter that was offered."""

    ACCEPTED = "accepted"
    KNOWN = "known already"
    AHEAD = "versions between are missing"
    FORKED = "another successor exists: both kept, staying on the common version"
    REFUSED = "not signed by enough root keys, or for another realm"


class Succession:
    """A realm's charters as one node knows them."""

    def __init__(self, pinned: bytes) -> None:
        """Start from a chain of charters, version 1 at least, that people have pinned: nothing
        leads back behind its last.

        Raises CharterError unless version 1 is signed by its own threshold of roots and each
        later one follows the one before.
        """
        first, *later = split(pinned)
        signed = decode(first)
        self.realm_id = signed.charter.content_id(b"")
        signers = signed.signers(signed.charter.roots, self.realm_id)
        if len(signers) < signed.charter.threshold:
            raise CharterError("not signed by enough of its own root keys, and by nobody else")
        self._versions = [signed]
        self._forks: list[SignedCharter] = []
        for raw in later:
            if self.add_charter(raw) is not CharterOutcome.ACCEPTED:
                number = len(self._versions) + 1
                raise CharterError(
                    f"version {number} is not signed by enough root keys of {number - 1} and "
                    f"of its own, or does not follow {number - 1}"
                )
        self._pinned = len(self._versions)

    @property
    def charter(self) -> Charter:
        """The version in force."""
        return self._versions[-1].charter

    @property
    def versions(self) -> tuple[bytes, ...]:
        """Every version's bytes, ascending."""
        return tuple(signed.raw for signed in self._versions)

    @property
    def words(self) -> str:
        """The fingerprint of the version in force, for people to compare."""
        return fingerprint(self.realm_id, self.charter.content_id(self.realm_id))

    @property
    def pinned(self) -> int:
        """The version that people have pinned: what competes with it or an older one is refused."""
        return self._pinned

    @property
    def forks(self) -> tuple[bytes, ...]:
        """The bytes of the successors that compete, where there are any: both are kept."""
        return tuple(signed.raw for signed in self._forks)

    @property
    def forked(self) -> bool:
        """Whether two successors of one version are known: an alarm for people."""
        return bool(self._forks)

    def read(self, raw: bytes) -> SignedCharter:
        """Read a version of the charter, the same bytes as a known one only once; raises
        CharterError where they are none."""
        known = (version for version in self._versions if version.raw == raw)
        return next(known, None) or decode(raw)

    def add_charter(self, raw: bytes) -> CharterOutcome:
        """Take in a later version; raises CharterError where the bytes are none."""
        return self.add_signed(decode(raw))

    def add_signed(self, signed: SignedCharter) -> CharterOutcome:
        """Take in a later version that was read."""
        version = signed.charter.version
        this_id = signed.content_id(self.realm_id)
        if version <= len(self._versions):
            known = self._versions[version - 1]
            if known.content_id(self.realm_id) == this_id:
                return CharterOutcome.KNOWN
            if version <= self._pinned:
                return CharterOutcome.REFUSED
            if not self._follows(signed, self._versions[version - 2]):
                return CharterOutcome.REFUSED
            self._forks += [known, signed]
            del self._versions[version - 1 :]
            self._charter_changed()
            return CharterOutcome.FORKED
        if version > len(self._versions) + 1:
            return CharterOutcome.AHEAD
        if not self._follows(signed, self._versions[-1]):
            return CharterOutcome.REFUSED
        if self._forks:  # of this very version: the one in force is what they have in common
            return CharterOutcome.FORKED
        self._versions.append(signed)
        self._charter_changed()
        return CharterOutcome.ACCEPTED

    def _follows(self, signed: SignedCharter, before: SignedCharter) -> bool:
        """Tell whether k of the old and k of the new root keys have signed this successor."""
        old, new = before.charter, signed.charter
        if new.previous != before.content_id(self.realm_id):
            return False
        signers = signed.signers((*old.roots, *new.roots), self.realm_id)
        return (
            len(set(signers).intersection(old.roots)) >= old.threshold
            and len(set(signers).intersection(new.roots)) >= new.threshold
        )

    def _charter_changed(self) -> None:
        """Another version is in force: for what is built on charters."""
