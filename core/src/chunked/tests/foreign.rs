//! The `cobblestone` crate reads what we write, and we read what it writes.

use std::io::{Cursor, Read, Write};

use cobblestone::{DecryptReader, EncryptWriter, Key256, RandomAccessDecryptor};

use super::*;

const LENGTHS: [usize; 9] =
    [0, 1, 255, CHUNK_LEN - 1, CHUNK_LEN, CHUNK_LEN + 1, 2 * CHUNK_LEN, 3 * CHUNK_LEN - 1, 100_000];

#[test]
fn theirs_reads_ours() {
    let setting = Setting::new(Suite::Aes256Gcm);
    let key = Key256::from_bytes(&setting.input_key);
    for len in LENGTHS {
        let plaintext = pattern(len);
        for message in [
            setting.write(&plaintext),
            write_as_stream(setting.derive([3; SALT_LEN]), &plaintext, &[1_000, 17_000]),
            write_by_sequence(setting.derive([4; SALT_LEN]), &plaintext),
        ] {
            assert_eq!(message.len() as u64, message_len(len as u64));
            assert_eq!(cobblestone::decrypt(&key, &setting.context, &message).unwrap(), plaintext);
            let mut streamed = Vec::new();
            DecryptReader::new(&key, &setting.context, &message[..]).read_to_end(&mut streamed).unwrap();
            assert_eq!(streamed, plaintext);
            let mut access = RandomAccessDecryptor::new(&key, &setting.context, Cursor::new(&message)).unwrap();
            assert_eq!(access.plaintext_len(), len as u64);
            let mut half = vec![0; len - len / 2];
            access.read_exact_at(&mut half, (len / 2) as u64).unwrap();
            assert_eq!(half, plaintext[len / 2..]);
        }
    }
}

#[test]
fn ours_reads_theirs() {
    let setting = Setting::new(Suite::Aes256Gcm);
    let key = Key256::from_bytes(&setting.input_key);
    for len in LENGTHS {
        let plaintext = pattern(len);
        let mut writer = EncryptWriter::new(&key, &setting.context, Vec::new());
        writer.write_all(&plaintext).unwrap();
        for message in [cobblestone::encrypt(&key, &setting.context, &plaintext).unwrap(), writer.finish().unwrap()] {
            assert_eq!(plaintext_len(message.len() as u64), Ok(len as u64));
            for (read, end) in [
                read_at_once(&setting, &message),
                read_as_stream(&setting, &message, &[5_000]),
                read_by_sequence(&setting, &message),
                read_at_random(&setting, &message),
            ] {
                assert_eq!(end, Ok(()));
                assert_eq!(read, plaintext);
            }
        }
    }
}

/// A token of suite 2, after its head, is a message that any such library reads (spec T-5).
#[test]
fn theirs_reads_a_token() {
    use crate::{Context, Keyring, Profile, Timestamp, keyring::Purpose, token::HEAD_LEN};

    let mut rng = getrandom::SysRng;
    let keyring =
        Keyring::generate(Profile::Archive, Timestamp(1), &mut rng).unwrap().scope(["users", "email"]).unwrap();
    let context = Context::new([("row", "42")]).unwrap();
    let token = keyring.encrypt_with(Suite::Aes256Gcm, b"ada@example.org", &context, &mut rng).unwrap();
    let field_key = Prk::new(&Secret::copied(keyring.expose_secret(keyring.primary()).unwrap()))
        .derive_secret("fortress-sdk/key@v1", "field");
    assert!(keyring.decryption_key(keyring.primary(), Purpose::Field).is_ok());
    let bound = [&token[..HEAD_LEN], context.canonical()].concat();
    let key = Key256::from_bytes(field_key.expose());
    assert_eq!(cobblestone::decrypt(&key, &bound, &token[HEAD_LEN..]).unwrap(), b"ada@example.org");
}
