//! What an argument was refused for: the operation and the object that it was meant for.
//!
//! The door says so of every call that reaches libvirt; an argument is looked at before that.

use rhai::EvalAltResult;

use super::Fallible;
use super::host::Host;
use crate::error::Error;
use crate::libvirt::{Connection, Handle, Job, Object};

/// What has methods that refuse arguments.
pub(super) trait Subject {
    /// Adds object and host to an error, unless they are known already.
    fn name_in(&self, error: Error) -> Error;
}

impl<O: Object> Subject for Handle<O> {
    fn name_in(&self, error: Error) -> Error {
        error.object(self.label()).host(self.connection().uri())
    }
}

impl Subject for Connection {
    fn name_in(&self, error: Error) -> Error {
        error.host(self.uri())
    }
}

impl Subject for Host {
    fn name_in(&self, error: Error) -> Error {
        self.0.name_in(error)
    }
}

impl Subject for Job {
    fn name_in(&self, error: Error) -> Error {
        error.object(self.object())
    }
}

/// Completes an error: `size(&value).map_err(of("domain.set_memory", vm))`.
pub(super) fn of<S: Subject>(operation: &str, subject: &S) -> impl Fn(Error) -> Error {
    move |error| subject.name_in(error.operation(operation.to_owned()))
}

/// Completes the error of a whole binding; what a closure of the script threw stays as it is.
pub(super) fn named<T>(outcome: Fallible<T>, operation: &str, subject: &impl Subject) -> Fallible<T> {
    outcome.map_err(|failure| match *failure {
        EvalAltResult::ErrorRuntime(value, position) => {
            let value = match value.try_cast_result::<Error>() {
                Ok(error) => rhai::Dynamic::from(of(operation, subject)(error)),
                Err(value) => value,
            };
            Box::new(EvalAltResult::ErrorRuntime(value, position))
        }
        _ => failure,
    })
}
