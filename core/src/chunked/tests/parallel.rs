//! Parts: the same message as any other way, whatever their sizes and the order in which they are computed.

use super::*;

fn setting() -> Setting {
    Setting::new(Suite::ChaCha20Poly1305)
}

/// Seals the parts last to first.
fn seal_backwards(parts: &[usize], plaintext: &[u8]) -> Vec<u8> {
    let mut encryptor = ParallelEncryptor::new(setting().derive([7; SALT_LEN]));
    let mut message = encryptor.prefix().to_vec();
    let mut jobs = Vec::new();
    let mut rest = plaintext;
    for &chunks in parts {
        let (input, tail) = rest.split_at(chunks * CHUNK_LEN);
        jobs.push((encryptor.part(chunks).unwrap(), input));
        rest = tail;
    }
    jobs.push((encryptor.last_part(), rest));
    let mut outputs = Vec::new();
    for (part, input) in jobs.into_iter().rev() {
        let mut output = vec![0; part.output_len(input.len())];
        part.seal(input, &mut output).unwrap();
        outputs.push(output);
    }
    message.extend(outputs.into_iter().rev().flatten());
    message
}

fn open_part(part: DecryptPart, input: &[u8]) -> Result<Vec<u8>, ChunkedError> {
    let mut output = vec![0; part.output_len(input.len())?];
    part.open(input, &mut output).map(|()| output)
}

#[test]
fn parts_make_the_message_that_one_call_makes() {
    for (len, parts) in [
        (0, &[][..]),
        (16_383, &[0]),
        (16_384, &[]),
        (16_384, &[1]),
        (16_385, &[1, 0]),
        (5 * CHUNK_LEN + 9, &[2, 1]),
        (5 * CHUNK_LEN, &[3, 2]),
    ] {
        let plaintext = pattern(len);
        let message = seal_backwards(parts, &plaintext);
        assert_eq!(message, setting().write(&plaintext), "{len} in {parts:?}");

        let (derived, mut rest) = setting().open(&message).unwrap();
        let mut decryptor = ParallelDecryptor::new(derived);
        let mut jobs = Vec::new();
        for &chunks in parts {
            let (input, tail) = rest.split_at(chunks * ENCRYPTED_CHUNK_LEN);
            jobs.push((decryptor.part(chunks).unwrap(), input));
            rest = tail;
        }
        jobs.push((decryptor.last_part(), rest));
        let opened: Vec<_> = jobs.into_iter().rev().map(|(part, input)| open_part(part, input).unwrap()).collect();
        assert_eq!(opened.into_iter().rev().flatten().collect::<Vec<u8>>(), plaintext);
    }
}

#[test]
fn a_part_opens_in_its_place_only() {
    let message = setting().write(&pattern(3 * CHUNK_LEN));
    let (derived, chunks) = setting().open(&message).unwrap();
    let mut decryptor = ParallelDecryptor::new(derived);
    let first = decryptor.part(1).unwrap();
    let second = decryptor.part(1).unwrap();
    let swapped = open_part(first, &chunks[ENCRYPTED_CHUNK_LEN..][..ENCRYPTED_CHUNK_LEN]);
    assert_eq!(swapped, Err(ChunkedError::AuthenticationFailed));
    assert!(open_part(second, &chunks[ENCRYPTED_CHUNK_LEN..][..ENCRYPTED_CHUNK_LEN]).is_ok());
}

#[test]
fn a_failed_part_leaves_nothing_behind() {
    let mut message = setting().write(&pattern(2 * CHUNK_LEN + 100));
    *message.last_mut().unwrap() ^= 1;
    let (derived, chunks) = setting().open(&message).unwrap();
    let part = ParallelDecryptor::new(derived).last_part();
    let mut output = vec![0xEE; 2 * CHUNK_LEN + 100];
    assert_eq!(part.open(chunks, &mut output), Err(ChunkedError::AuthenticationFailed));
    assert!(output.iter().all(|&byte| byte == 0), "the chunks that did open are gone as well");
}

#[test]
fn a_message_without_its_end_is_cut_off() {
    let message = setting().write(&pattern(2 * CHUNK_LEN));
    for kept in [0, 15, ENCRYPTED_CHUNK_LEN, ENCRYPTED_CHUNK_LEN + 15, 2 * ENCRYPTED_CHUNK_LEN] {
        let (derived, chunks) = setting().open(&message).unwrap();
        let part = ParallelDecryptor::new(derived).last_part();
        assert_eq!(open_part(part, &chunks[..kept]), Err(ChunkedError::Truncated), "{kept}");
    }
}

#[test]
fn lengths_that_are_not_the_parts_are_refused() {
    let mut encryptor = ParallelEncryptor::new(setting().derive([7; SALT_LEN]));
    let full = ENCRYPTED_CHUNK_LEN as u64;
    let part = encryptor.part(1).unwrap();
    let refused = part.seal(&[0; CHUNK_LEN - 1], &mut [0; ENCRYPTED_CHUNK_LEN]);
    assert_eq!(refused, Err(ChunkedError::WrongLength { expected: full - 16, got: full - 17 }));
    let part = encryptor.part(1).unwrap();
    let refused = part.seal(&[0; CHUNK_LEN], &mut [0; ENCRYPTED_CHUNK_LEN + 1]);
    assert_eq!(refused, Err(ChunkedError::WrongLength { expected: full, got: full + 1 }));
    assert_eq!(encryptor.last_part().seal(&[], &mut []), Err(ChunkedError::WrongLength { expected: 16, got: 0 }));

    let message = setting().write(&pattern(CHUNK_LEN));
    let (derived, _) = setting().open(&message).unwrap();
    let part = ParallelDecryptor::new(derived).part(1).unwrap();
    assert_eq!(part.output_len(17), Err(ChunkedError::WrongLength { expected: full, got: 17 }));
}

#[test]
fn parts_end_where_messages_do() {
    let mut encryptor = ParallelEncryptor::new(setting().derive([7; SALT_LEN]));
    if let Ok(all) = usize::try_from(MAX_CHUNKS) {
        assert!(matches!(encryptor.part(usize::MAX), Err(ChunkedError::TooLong)));
        assert!(matches!(encryptor.part(all), Err(ChunkedError::TooLong)), "the last chunk needs a place too");
        assert!(encryptor.part(all - 1).is_ok());
        assert!(matches!(encryptor.part(1), Err(ChunkedError::TooLong)));
    }
}
