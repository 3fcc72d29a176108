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

/// Each job on a thread of its own, where there are threads; the first failure in the order of the chunks.
fn on_threads(jobs: Vec<Job<'_>>) -> Result<(), ChunkedError> {
    if cfg!(target_family = "wasm") {
        return jobs.into_iter().try_for_each(|job| job());
    }
    std::thread::scope(|scope| {
        let started: Vec<_> = jobs.into_iter().map(|job| scope.spawn(job)).collect();
        started.into_iter().try_for_each(|job| job.join().unwrap())
    })
}

/// Lengths of the pieces that a stream is given: less than a chunk, chunks and a bit, none, many.
const PIECES: [usize; 7] = [100, 5 * CHUNK_LEN, 0, CHUNK_LEN - 100, 9 * CHUNK_LEN + 7, 1, 3 * CHUNK_LEN];

#[test]
fn streams_in_jobs_are_streams() {
    for suite in Suite::ALL {
        let setting = Setting::new(suite);
        let plaintext = pattern(PIECES.iter().sum::<usize>() + 5);
        let message = setting.write(&plaintext);
        for jobs in [0, 1, 2, 3, 100] {
            let mut stream = Encryptor::new(setting.derive([7; SALT_LEN]));
            let mut written = stream.prefix().to_vec();
            let (pieces, rest) = cut(&plaintext, &PIECES);
            for piece in pieces {
                let mut out = vec![0xA5; stream.update_len(piece.len()) + 3];
                let len = stream.update_into_with(piece, &mut out, jobs, on_threads).unwrap();
                assert_eq!(out[len..], [0xA5; 3]);
                written.extend_from_slice(&out[..len]);
            }
            stream.finish(rest, &mut written).unwrap();
            assert!(written == message, "{suite:?}, {jobs} jobs");

            let (derived, chunks) = setting.open(&message).unwrap();
            let mut stream = Decryptor::new(derived);
            let mut read = Vec::new();
            let (pieces, rest) = cut(chunks, &PIECES);
            for piece in pieces.into_iter().chain([rest]) {
                let mut out = vec![0xA5; stream.update_len(piece.len())];
                let len = stream.update_into_with(piece, &mut out, jobs, on_threads).unwrap();
                read.extend_from_slice(&out[..len]);
            }
            stream.finish(&mut read).unwrap();
            assert!(read == plaintext, "{suite:?}, {jobs} jobs");
        }
    }
}

#[test]
fn a_job_that_fails_ends_the_stream() {
    let setting = Setting::new(Suite::Aes256Gcm);
    let mut message = setting.write(&pattern(8 * CHUNK_LEN));
    message[MESSAGE_PREFIX_LEN + 5 * ENCRYPTED_CHUNK_LEN] ^= 1;
    let (derived, chunks) = setting.open(&message).unwrap();
    let mut stream = Decryptor::new(derived);
    let mut out = vec![0xA5; 8 * CHUNK_LEN];
    let error = Err(ChunkedError::WrongLength { expected: 8 * CHUNK_LEN as u64, got: 5 });
    assert_eq!(stream.update_into_with(chunks, &mut [0; 5], 2, on_threads), error);
    assert_eq!(stream.update_into_with(chunks, &mut out, 2, on_threads), Err(ChunkedError::AuthenticationFailed));
    assert!(out[5 * CHUNK_LEN..6 * CHUNK_LEN].iter().all(|byte| *byte == 0), "nothing of the chunk that failed");
    assert_eq!(stream.update_into_with(&[], &mut out, 2, on_threads), Err(ChunkedError::Failed));
    assert_eq!(stream.update_into(chunks, &mut out), Err(ChunkedError::Failed));
}

#[test]
fn jobs_that_are_not_run_leave_no_index_to_be_used_again() {
    let setting = Setting::new(Suite::Aegis256);
    let mut stream = Encryptor::new(setting.derive([7; SALT_LEN]));
    let plaintext = pattern(4 * CHUNK_LEN);
    let mut out = vec![0; stream.update_len(plaintext.len())];
    let refused = stream.update_into_with(&plaintext, &mut out, 2, |_| Err(ChunkedError::Failed));
    assert_eq!(refused, Err(ChunkedError::Failed));
    let mut after = vec![0; ENCRYPTED_CHUNK_LEN];
    stream.update_into(&plaintext[..CHUNK_LEN], &mut after).unwrap();
    assert_ne!(after, setting.write(&plaintext)[MESSAGE_PREFIX_LEN..][..ENCRYPTED_CHUNK_LEN]);
}
