"""Both suites against published vectors and against each other's independent implementations."""

from __future__ import annotations

import gmalglib.sm2 as sm2
import pytest
from gmalglib.sm3 import SM3
from gmalglib.sm4 import SM4
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.crypto import SUITES, Unreadable, suite_of, thumbprint
from kouan.crypto.suites import USER_ID, Es256, National

BOTH = pytest.mark.parametrize("name", sorted(SUITES))


def test_sm4_gcm_of_rfc_8998() -> None:
    """RFC 8998, appendix A.1."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    where = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([each]) * 8 for each in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC")
    assert National().seal_with(key, nonce, plain, where) == sealed
    assert National().open(key, nonce + sealed, where) == plain


def test_aes_256_gcm_of_the_gcm_specification() -> None:
    """McGrew and Viega, The Galois/Counter Mode of Operation, test case 16."""
    key = bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
    where = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = bytes.fromhex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                           "76fc6ece0f4e1768cddf8853bb2d551b")
    assert Es256().open(key, nonce + sealed, where) == plain


def test_sm3_of_the_standard() -> None:
    """GB/T 32905-2016, appendix A, examples 1 and 2; and the other implementation says the same of any text."""
    sm = suite_of("sm")
    assert sm.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm.digest(b"abcd" * 16).hex() == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=100))
def test_sm3_and_its_mac_agree_between_two_implementations(content: bytes, key: bytes) -> None:
    sm = suite_of("sm")
    assert sm.digest(content) == SM3(content).digest()
    padded = (key if len(key) <= 64 else SM3(key).digest()).ljust(64, b"\0")
    inner = SM3(bytes(each ^ 0x36 for each in padded) + content).digest()
    assert sm.mac(key, content) == SM3(bytes(each ^ 0x5C for each in padded) + inner).digest()


def test_sm4_block_of_the_standard_and_gcm_built_upon_it() -> None:
    """GB/T 32907-2016, appendix A.1; GCM's counter mode over the other implementation gives the same ciphertext."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert SM4(key).encrypt(key).hex() == "681edf34d206965e86b3e94f536e4246"
    nonce = bytes(range(12))
    stream = b"".join(SM4(key).encrypt(nonce + counter.to_bytes(4, "big")) for counter in range(2, 6))
    plain = b"kouan" * 12
    expected = bytes(one ^ other for one, other in zip(plain, stream, strict=False))
    assert National().seal_with(key, nonce, plain, b"")[: len(plain)] == expected


def test_sm2_of_the_standard() -> None:
    """GB/T 32918.5-2017, appendix A.2: the key, Z, the digest and the signature of "message digest" with the given k."""
    private = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    public = bytes.fromhex("0409F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
                           "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13")
    signature = bytes.fromhex("F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
                              "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA")
    k = bytes.fromhex("59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21")
    sm = suite_of("sm")
    assert sm.public_of(private) == public
    assert USER_ID == b"1234567812345678"
    assert sm2.SM2(pk=public).get_entity_info().hex().upper() == "B2E14C5C79C6DF5B85F4FE7ED8DB7A262B9DA7E07CCB0EA9F4747B8CCDA8A4F3"
    assert sm.verify(public, b"message digest", signature)
    assert not sm.verify(public, b"message digesT", signature)
    # The library reads its random bytes with the lowest first.
    assert sm2.SM2(sk=private, uid=USER_ID, rnd_fn=lambda n: k[::-1]).sign(b"message digest") == signature


def test_es256_of_rfc_6979() -> None:
    """RFC 6979, A.2.5, P-256 with SHA-256, message "sample"; its s is the larger one, so its twin is what we take."""
    private = bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
    public = bytes.fromhex("0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                           "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299")
    r = "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    s = int("F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8", 16)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    suite = suite_of("es256")
    assert suite.public_of(private) == public
    assert suite.verify(public, b"sample", bytes.fromhex(r) + (order - s).to_bytes(32, "big"))
    assert not suite.verify(public, b"sample", bytes.fromhex(r) + s.to_bytes(32, "big")), "the malleable twin is refused"


@BOTH
@settings(max_examples=40)
@given(data=st.data())
def test_any_flipped_bit_is_refused(name: str, data: st.DataObject) -> None:
    suite = suite_of(name)
    private = suite.generate()
    public = suite.public_of(private)
    content = data.draw(st.binary(min_size=1, max_size=200))
    signature = suite.sign(private, content)
    assert suite.verify(public, content, signature)
    parts = {"public": public, "content": content, "signature": signature}
    which = data.draw(st.sampled_from(sorted(parts)))
    parts[which] = _flipped(parts[which], data)
    assert not suite.verify(parts["public"], parts["content"], parts["signature"])

    key, where = bytes(range(suite.key_bytes)), b"table|field|row"
    sealed = suite.seal(key, content, where)
    assert suite.open(key, sealed, where) == content
    with pytest.raises(Unreadable):
        suite.open(key, _flipped(sealed, data), where)
    with pytest.raises(Unreadable):
        suite.open(key, sealed, where + b"2")
    with pytest.raises(Unreadable):
        suite.open(_flipped(key, data), sealed, where)


def _flipped(content: bytes, data: st.DataObject) -> bytes:
    bit = data.draw(st.integers(0, len(content) * 8 - 1))
    return content[: bit // 8] + bytes([content[bit // 8] ^ (1 << bit % 8)]) + content[bit // 8 + 1 :]


@BOTH
@pytest.mark.parametrize("junk", [b"", b"\x04", bytes(64), bytes(65), b"\x04" + bytes(64), b"\xff" * 65, bytes(66)])
def test_malformed_keys_and_signatures_are_no_crash(name: str, junk: bytes) -> None:
    suite = suite_of(name)
    private = suite.generate()
    assert not suite.verify(junk, b"text", suite.sign(private, b"text"))
    assert not suite.verify(suite.public_of(private), b"text", junk)


def test_a_thumbprint_names_suite_and_point() -> None:
    one, other = suite_of("sm"), suite_of("es256")
    public = one.public_of(bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"))
    assert len(thumbprint(one, public)) == 64
    assert thumbprint(one, public) != thumbprint(other, public)
