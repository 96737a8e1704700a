"""A private authority and a certificate for loopback, made anew at every start; also ones that must not be accepted."""

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Authority:
    def __init__(self, folder):
        self.folder, self.now = folder, datetime.datetime.now(datetime.timezone.utc)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name("rfmpi test authority"), self.key.public_key(), (-DAY, DAY),
                                      (x509.BasicConstraints(ca=True, path_length=0), True),
                                      (x509.KeyUsage(False, False, False, False, False, True, True, False, False), True),
                                      (x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False))
        self.file = folder / "ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, public, validity, *extensions):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(name("rfmpi test authority")).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(self.now + validity[0])
                   .not_valid_after(self.now + validity[1]))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def context(self, kind):
        """The server's side of TLS, with a certificate that is good, expired, revoked, or of another host."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName("elsewhere.invalid")] if kind == "other-host" else [
            x509.DNSName("localhost"), x509.DNSName("*.localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        validity = (-2 * DAY, -DAY / 2) if kind == "expired" else (-DAY, DAY)
        certificate = self._sign(name("rfmpi test warehouse"), key.public_key(), validity,
                                 (x509.SubjectAlternativeName(names), False), (x509.BasicConstraints(ca=False, path_length=None), True),
                                 (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
                                 (x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), False))
        self._revoke([certificate.serial_number] if kind == "revoked" else [])
        file = self.folder / "server.pem"
        file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        file.chmod(0o600)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _revoke(self, serials):
        builder = x509.CertificateRevocationListBuilder().issuer_name(name("rfmpi test authority")).last_update(self.now - DAY)
        builder = builder.next_update(self.now + DAY)
        for serial in serials:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(self.now - DAY).build())
        self.crl = self.folder / "crl.pem"
        self.crl.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
