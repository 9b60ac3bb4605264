use std::time::Instant;

use aws_lc_rs::encoding::AsDer as _;

use super::*;

const MESSAGE: &[u8] = b"1795176000123GET/trade-api/v2/portfolio/orders";

/// The PKCS#1 document inside a PKCS#8 one: the OCTET STRING that closes it.
fn pkcs1_pem(key: &PrivateKey) -> Zeroizing<String> {
    let Inner::Rsa(pair) = &key.0 else { panic!("not RSA") };
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // SEQUENCE, version, algorithm, then OCTET STRING: 26 bytes of heads for a 2048-bit key.
    assert_eq!(der.as_ref()[22], 0x04);
    pem::encode("RSA PRIVATE KEY", &der.as_ref()[26..])
}

#[test]
fn every_private_form_reads_back_and_signs() {
    let rsa = PrivateKey::generate(KeyKind::Rsa).unwrap();
    let ed = PrivateKey::generate(KeyKind::Ed25519).unwrap();
    let forms = [
        (pkcs1_pem(&rsa), &rsa),
        (rsa.to_pkcs8_pem().unwrap(), &rsa),
        (ed.to_pkcs8_pem().unwrap(), &ed),
        (ed.to_pkcs8_v2_pem(), &ed),
        (Zeroizing::new(ed.to_pkcs8_pem().unwrap().replace('\n', "\\n")), &ed),
        (Zeroizing::new(ed.to_pkcs8_pem().unwrap().replace('\n', "\r\n")), &ed),
    ];
    for (pem, original) in forms {
        let read = PrivateKey::from_pem(&pem).unwrap();
        assert_eq!(read.kind(), original.kind());
        let signature = read.sign(MESSAGE).unwrap();
        assert!(original.public_key().verify(MESSAGE, &signature));
        assert!(!original.public_key().verify(b"another message", &signature));
    }
}

#[test]
fn public_pem_reads_back() {
    for kind in [KeyKind::Rsa, KeyKind::Ed25519] {
        let key = PrivateKey::generate(kind).unwrap();
        let read = PublicKey::from_pem(&key.public_key().to_pem().unwrap()).unwrap();
        assert_eq!(read, key.public_key());
        assert_eq!(read.kind(), kind);
        assert!(read.verify(MESSAGE, &key.sign(MESSAGE).unwrap()));
    }
}

#[test]
fn pss_verifies_with_any_salt_length() {
    let key = PrivateKey::generate(KeyKind::Rsa).unwrap();
    let public = key.public_key();
    for salt in [0, 1, 20, 31, 32, 33, 64, 128, 221, 222] {
        assert!(public.verify(MESSAGE, &key.sign_with_salt(MESSAGE, salt)), "salt of {salt} bytes");
    }
    let mut forged = key.sign(MESSAGE).unwrap();
    forged[100] ^= 1;
    let start = Instant::now();
    assert!(!public.verify(MESSAGE, &forged));
    println!("a false RSA signature is refused after {:?}", start.elapsed());
    assert!(!public.verify(MESSAGE, &forged[1..]));
    assert!(!public.verify(MESSAGE, &[]));
}

#[test]
fn a_key_of_another_kind_does_not_verify() {
    let (rsa, ed) = (PrivateKey::generate(KeyKind::Rsa).unwrap(), PrivateKey::generate(KeyKind::Ed25519).unwrap());
    assert!(!ed.public_key().verify(MESSAGE, &rsa.sign(MESSAGE).unwrap()));
    assert!(!rsa.public_key().verify(MESSAGE, &ed.sign(MESSAGE).unwrap()));
}

#[test]
fn what_is_no_private_key_is_named() {
    let public = PrivateKey::generate(KeyKind::Ed25519).unwrap().public_key().to_pem().unwrap();
    let message = PrivateKey::from_pem(&public).unwrap_err().to_string();
    assert!(message.contains("public half"), "{message}");
    for (text, word) in [
        ("", "found none"),
        ("/home/me/key.pem", "give the file's content"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C", "cut"),
        ("-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----", "no base64"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END CERTIFICATE-----", "another kind"),
        ("-----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----", "rejected"),
        ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4C\n-----END ENCRYPTED PRIVATE KEY-----", "decrypt it first"),
        ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nMC4C\n-----END RSA PRIVATE KEY-----", "encrypted"),
    ] {
        let message = PrivateKey::from_pem(text).unwrap_err().to_string();
        assert!(message.contains(word), "{text:?} gave {message:?}");
    }
}

#[test]
fn neither_errors_nor_debug_carry_the_key() {
    let pem = PrivateKey::generate(KeyKind::Rsa).unwrap().to_pkcs8_pem().unwrap();
    let line = pem.lines().nth(3).unwrap();
    // The same key with one damaged line still holds most of its secret bytes.
    let damaged = pem.replacen(line, &line.chars().rev().collect::<String>(), 1);
    let cut = &pem[..pem.len() - 40];
    for broken in [damaged.as_str(), cut] {
        let error = PrivateKey::from_pem(broken).unwrap_err();
        let shown = format!("{error} {error:?}");
        for line in pem.lines().filter(|line| !line.starts_with('-')) {
            assert!(!shown.contains(&line[..line.len().min(12)]), "{shown}");
        }
    }
    let credentials = Credentials::from_pem("key-1", &pem).unwrap();
    assert_eq!(format!("{credentials:?}"), r#"Credentials { key_id: "key-1", kind: Rsa, .. }"#);
    assert_eq!(format!("{:?}", PrivateKey::from_pem(&pem).unwrap()), "PrivateKey(RSA, private)");
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_touch_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    std::fs::write(&path, PrivateKey::generate(KeyKind::Ed25519).unwrap().to_pkcs8_pem().unwrap()).unwrap();
    for (mode, accepted) in
        [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o644, false), (0o620, false)]
    {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        match Credentials::from_file("key-1", &path) {
            Ok(_) => assert!(accepted, "{mode:o} was accepted"),
            Err(error) => {
                assert!(!accepted, "{mode:o} was refused");
                let message = error.to_string();
                assert!(message.contains(&format!("found {mode:04o}")), "{message}");
                assert!(message.contains("chmod 600"), "{message}");
            }
        }
    }
    assert!(matches!(Credentials::from_file("key-1", folder.path()), Err(KeyError::NotAFile { .. })));
    assert!(matches!(Credentials::from_file("key-1", &folder.path().join("no")), Err(KeyError::Io { .. })));
}

#[test]
fn the_environment_is_read_whole_or_refused() {
    let pem = PrivateKey::generate(KeyKind::Ed25519).unwrap().to_pkcs8_pem().unwrap();
    let read = |pairs: &[(&str, &str)]| {
        Credentials::from_lookup(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(read(&[]).unwrap().is_none());
    assert!(read(&[(ENV_KEY_ID, " ")]).unwrap().is_none());
    assert_eq!(read(&[(ENV_KEY_ID, "id"), (ENV_PRIVATE_KEY, &pem)]).unwrap().unwrap().key_id(), "id");
    for (pairs, word) in [
        (vec![(ENV_KEY_ID, "id")], "KALSHI_PRIVATE_KEY_PATH"),
        (vec![(ENV_PRIVATE_KEY, pem.as_str())], "without KALSHI_KEY_ID"),
        (vec![(ENV_KEY_ID, "id"), (ENV_PRIVATE_KEY, &pem), (ENV_PRIVATE_KEY_PATH, "/x")], "unset one"),
        (vec![(ENV_KEY_ID, "two words"), (ENV_PRIVATE_KEY, &pem)], "key id"),
    ] {
        let message = read(&pairs).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
}
