//! From keys with errors of their own to the core's interface.

/// [`ExternalKey`](fortress::external::ExternalKey) for a type with `wrap_key` and `unwrap_key`, whose errors have `for_core`. Methods that follow the type
/// take the place of the trait's own.
macro_rules! as_external_key {
    ($key:ty $(, $($method:tt)+)?) => {
        impl fortress::external::ExternalKey for $key {
            fn reference(&self) -> &str {
                &self.reference
            }

            fn wrap(
                &self,
                file_key: &[u8; 32],
                associated: &[u8; 32],
            ) -> Result<Vec<u8>, fortress::external::ExternalKeyError> {
                self.wrap_key(file_key, associated).map_err(|error| error.for_core(&self.reference))
            }

            fn unwrap(
                &self,
                wrapped: &[u8],
                associated: &[u8; 32],
            ) -> Result<zeroize::Zeroizing<Vec<u8>>, fortress::external::ExternalKeyError> {
                self.unwrap_key(wrapped, associated).map_err(|error| error.for_core(&self.reference))
            }

            $($($method)+)?
        }
    };
}
