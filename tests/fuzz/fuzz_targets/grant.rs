#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fortress_fuzz::grant(data));
