//! Borders of lengths, ranges and buffers, and the texts of errors.

use alloc::string::ToString;

use super::*;

#[test]
fn lengths_follow_from_each_other() {
    for len in [0, 1, 16_383, 16_384, 16_385, 32_767, 32_768, 1 << 40] {
        assert_eq!(plaintext_len(message_len(len)), Ok(len));
    }
    let chunk = ENCRYPTED_CHUNK_LEN as u64;
    let prefix = MESSAGE_PREFIX_LEN as u64;
    for cut in [0, prefix - 1, prefix, prefix + 15, prefix + chunk, prefix + chunk + 15, prefix + 5 * chunk] {
        assert_eq!(plaintext_len(cut), Err(ChunkedError::Truncated), "{cut}");
    }
    let longest = prefix + MAX_CHUNKS * chunk - 1;
    assert_eq!(plaintext_len(longest), Ok((MAX_CHUNKS << 14) - 1));
    assert_eq!(plaintext_len(longest + 1), Err(ChunkedError::Truncated));
    assert_eq!(plaintext_len(longest + 17), Err(ChunkedError::TooLong));
    assert_eq!(plaintext_len(u64::MAX), Err(ChunkedError::TooLong));
    assert_eq!(message_len(u64::MAX), u64::MAX, "no length overflows");
}

#[test]
fn a_message_has_at_most_its_number_of_chunks() {
    let key = Setting::new(Suite::Aes256Gcm).derive([0; SALT_LEN]).into_message_key();
    let mut sealed = [0; 17];
    assert_eq!(key.seal_chunk(MAX_CHUNKS - 1, b"x", &mut sealed), Ok(()));
    assert_eq!(key.open_chunk(MAX_CHUNKS - 1, &sealed, &mut [0]), Ok(()));
    assert_eq!(key.seal_chunk(MAX_CHUNKS, b"x", &mut sealed), Err(ChunkedError::TooLong));
    assert_eq!(key.open_chunk(MAX_CHUNKS, &sealed, &mut [0]), Err(ChunkedError::TooLong));
}

#[test]
fn buffers_of_another_length_are_refused_and_change_nothing() {
    let setting = Setting::new(Suite::Aegis256);
    let plaintext = pattern(CHUNK_LEN + 5);
    let mut stream = Encryptor::new(setting.derive([7; SALT_LEN]));
    let expected = ENCRYPTED_CHUNK_LEN as u64;
    let mut small = vec![0; ENCRYPTED_CHUNK_LEN - 1];
    assert_eq!(
        stream.update_into(&plaintext, &mut small),
        Err(ChunkedError::WrongLength { expected, got: expected - 1 })
    );
    let mut large = vec![0xEE; ENCRYPTED_CHUNK_LEN + 3];
    assert_eq!(stream.update_into(&plaintext, &mut large), Ok(ENCRYPTED_CHUNK_LEN));
    assert_eq!(large[ENCRYPTED_CHUNK_LEN..], [0xEE; 3], "nothing is written beyond");
    let mut message = stream.prefix().to_vec();
    message.extend_from_slice(&large[..ENCRYPTED_CHUNK_LEN]);
    let mut end = [0xEE; 30];
    assert_eq!(stream.finish_into(&[], &mut end), Ok(21));
    message.extend_from_slice(&end[..21]);
    assert_eq!(message, setting.write(&plaintext));

    let mut stream = Decryptor::new(setting.open(&message).unwrap().0);
    let chunks = &message[MESSAGE_PREFIX_LEN..];
    let refused = stream.update_into(chunks, &mut [0; CHUNK_LEN - 1]);
    assert_eq!(refused, Err(ChunkedError::WrongLength { expected: CHUNK_LEN as u64, got: CHUNK_LEN as u64 - 1 }));
    let mut out = vec![0; CHUNK_LEN];
    assert_eq!(stream.update_into(chunks, &mut out), Ok(CHUNK_LEN), "a refused buffer is no failure of the stream");
    stream.finish(&mut out).unwrap();
    assert_eq!(out, plaintext);
}

#[test]
fn a_failed_update_leaves_authentic_plaintext_or_zeros() {
    for suite in Suite::ALL {
        let setting = Setting::new(suite);
        let plaintext = pattern(3 * CHUNK_LEN);
        let mut message = setting.write(&plaintext);
        message[MESSAGE_PREFIX_LEN + ENCRYPTED_CHUNK_LEN + 9] ^= 1;
        let mut stream = Decryptor::new(setting.open(&message).unwrap().0);
        let mut out = vec![0; 3 * CHUNK_LEN];
        let failed = stream.update_into(&message[MESSAGE_PREFIX_LEN..], &mut out);
        assert_eq!(failed, Err(ChunkedError::AuthenticationFailed));
        assert_eq!(out[..CHUNK_LEN], plaintext[..CHUNK_LEN]);
        assert!(out[CHUNK_LEN..].iter().all(|&byte| byte == 0), "{suite}");
    }
}

#[test]
fn ranges_outside_the_plaintext_are_refused() {
    let setting = Setting::new(Suite::Aes256Gcm);
    let message = setting.write(&pattern(20_000));
    let seekable = Seekable::new(&setting, &message).unwrap();
    let refused = |start, end| Err(ChunkedError::OutOfRange { start, end, len: 20_000 });
    assert_eq!(seekable.read(0..20_001), refused(0, 20_001));
    assert_eq!(seekable.read(20_001..20_001), refused(20_001, 20_001));
    #[allow(clippy::reversed_empty_ranges)]
    let reversed = 5..4;
    assert_eq!(seekable.read(reversed), refused(5, 4));
    assert_eq!(seekable.read(u64::MAX - 1..u64::MAX), refused(u64::MAX - 1, u64::MAX));
    assert_eq!(seekable.access.locate(&(16_383..16_385)), Ok(56..56 + 16_400 + 3_632));
    assert_eq!(seekable.access.locate(&(16_384..16_384)), Ok(56 + 16_400..56 + 16_400));
    let mut out = Vec::new();
    let wrong = seekable.access.decrypt(&(0..5), &message[56..57], &mut out);
    assert_eq!(wrong, Err(ChunkedError::WrongLength { expected: 16_400, got: 1 }));
    assert_eq!(seekable.access.authenticate_length(&[]), Err(ChunkedError::WrongLength { expected: 3_632, got: 0 }));
}

/// The storage says how long a message is; whoever shortens or extends it there does not get past its last chunk.
#[test]
fn a_length_is_believed_only_with_the_last_chunk() {
    for suite in Suite::ALL {
        let setting = Setting::new(suite);
        let message = setting.write(&pattern(2 * CHUNK_LEN + 100));
        for cut in [1, 50, 100, 116, 116 + 1, 116 + 16_384, 116 + 16_400 + 16] {
            let cut = Seekable::new(&setting, &message[..message.len() - cut]);
            assert!(cut.and_then(|cut| cut.authenticate_length()).is_err());
        }
        assert_eq!(Seekable::new(&setting, &message).unwrap().authenticate_length(), Ok(()));
    }
}

#[test]
fn a_sequence_ends_once_and_stays_failed() {
    let derive = || Setting::new(Suite::Aes256Gcm).derive([0; SALT_LEN]);
    let mut writer = ChunkSequence::new(derive(), Direction::Encrypt);
    let first = writer.next(CHUNK_LEN).unwrap().as_bytes().to_vec();
    assert_eq!(writer.finish(), Err(ChunkedError::Truncated), "a full chunk is never the last");
    let second = writer.next(0).unwrap().as_bytes().to_vec();
    assert_eq!(first[..11], second[..11]);
    assert_eq!(first[11] ^ 1, second[11]);
    assert_eq!(writer.finish(), Ok(()));
    assert!(matches!(writer.next(0), Err(ChunkedError::TrailingData)));
    assert!(matches!(writer.next(0), Err(ChunkedError::Failed)));
    assert_eq!(writer.finish(), Err(ChunkedError::Failed));

    let mut writer = ChunkSequence::new(derive(), Direction::Encrypt);
    assert!(matches!(writer.next(CHUNK_LEN + 1), Err(ChunkedError::WrongLength { expected: 16_384, got: 16_385 })));
    assert!(matches!(writer.next(0), Err(ChunkedError::Failed)));

    let mut reader = ChunkSequence::new(derive(), Direction::Decrypt);
    assert!(reader.next(ENCRYPTED_CHUNK_LEN).is_ok());
    assert!(matches!(reader.next(15), Err(ChunkedError::Truncated)));
    assert_eq!(reader.finish(), Err(ChunkedError::Failed));
    let mut reader = ChunkSequence::new(derive(), Direction::Decrypt);
    assert!(matches!(reader.next(ENCRYPTED_CHUNK_LEN + 1), Err(ChunkedError::WrongLength { .. })));
}

#[test]
fn a_part_ends_where_its_range_does() {
    let setting = Setting::new(Suite::Aes256Gcm);
    let message = setting.write(&pattern(3 * CHUNK_LEN + 100));
    let seekable = Seekable::new(&setting, &message).unwrap();
    let part = |range: Range<u64>| seekable.access.sequence(&range).unwrap();
    let (derived, _) = setting.open(&message).unwrap();
    let mut whole = ChunkSequence::new(derived, Direction::Decrypt);
    let nonces: Vec<_> = [16_400, 16_400, 16_400, 116].map(|len| whole.next(len).unwrap().as_bytes().to_vec()).into();

    let mut middle = part(16_400..16_500);
    assert_eq!(middle.finish(), Err(ChunkedError::Truncated));
    assert_eq!(middle.next(16_400).unwrap().as_bytes(), nonces[1]);
    assert_eq!(middle.finish(), Ok(()));
    assert!(matches!(middle.next(16_400), Err(ChunkedError::TrailingData)));

    let mut end = part(40_000..3 * 16_384 + 1);
    assert_eq!(end.next(16_400).unwrap().as_bytes(), nonces[2]);
    assert_eq!(end.next(116).unwrap().as_bytes(), nonces[3]);
    assert_eq!(end.finish(), Ok(()));

    for (range, wrong, expected) in [(0..5, 116, 16_400), (49_200..49_201, 16_400, 116), (0..5, 16_401, 16_400)] {
        let mut part = part(range);
        let refused = part.next(wrong).err();
        assert_eq!(refused, Some(ChunkedError::WrongLength { expected, got: wrong as u64 }));
        assert_eq!(part.finish(), Err(ChunkedError::Failed));
    }
    assert_eq!(part(7..7).finish(), Ok(()));
    assert!(matches!(part(7..7).next(16_400), Err(ChunkedError::TrailingData)));
    assert!(matches!(seekable.access.sequence(&(0..50_000)), Err(ChunkedError::OutOfRange { .. })));
}

#[test]
fn errors_say_what_happened() {
    let shown = [
        ChunkedError::AuthenticationFailed,
        ChunkedError::Truncated,
        ChunkedError::TrailingData,
        ChunkedError::TooLong,
        ChunkedError::OutOfRange { start: 3, end: 9, len: 8 },
        ChunkedError::WrongLength { expected: 16, got: 15 },
        ChunkedError::Failed,
        ChunkedError::OutOfMemory,
        ChunkedError::Randomness(RandomnessError),
    ]
    .map(|error| (error.code(), error.to_string()));
    let expected = [
        (
            "authentication_failed",
            "the data is not authentic: it was changed or cut, or the key, scope or context is not the one it was encrypted with",
        ),
        ("truncated", "the data is cut off: its end is missing; get the whole of it again"),
        ("trailing_data", "the data goes on after its end"),
        ("limit_exceeded", "a message holds at most 4 PiB"),
        ("out_of_range", "the range 3 to 9 does not lie within the 8 bytes of the plaintext"),
        ("wrong_length", "expected 16 bytes, got 15"),
        ("stream_failed", "this stream has failed before; start again with a new one"),
        ("out_of_memory", "this machine gives the encryption no memory; free some and try again"),
        ("randomness", "the source of randomness failed; nothing was encrypted"),
    ];
    assert_eq!(shown.each_ref().map(|(code, text)| (*code, text.as_str())), expected);
}
