/** What all entries export of errors: their classes and types, and none of what makes them. */

export {
  AuthenticationError, FormatError, FortressError, GrantError, InputError, InstanceError, KeyError, LimitError, SourceError, StorageError, type ErrorCode, type Failure,
} from "../errors.js";
