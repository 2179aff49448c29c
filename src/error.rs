//! The one error type of the project.
//!
//! It holds facts; [`crate::report`] turns them into words on the screen, and scripts read them as
//! the properties of the type `Error`. Whoever knows most fills in a fact: the libvirt layer the
//! code and the host, the door the operation and the object, the place of conversion the hint.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// The result of everything that can fail below the interpreter.
pub type Result<T> = std::result::Result<T, Error>;

/// Words for [`Error::code`] that are virhai's own; every other word comes from libvirt.
pub mod code {
    /// A wrong argument, option or command line.
    pub const USAGE: &str = "usage";
    /// Something did not happen in the time given for it.
    pub const TIMEOUT: &str = "timeout";
    /// A text that is not well-formed XML, or a path that is not one of ours.
    pub const XML: &str = "xml";
    /// A file, a folder or a program.
    pub const IO: &str = "io";
    /// One of Rhai's own errors.
    pub const SCRIPT: &str = "script";
    /// A value thrown by a script.
    pub const THROWN: &str = "thrown";
    /// Forbidden by `--deny`.
    pub const DENIED: &str = "denied";
    /// A change on a connection that was opened read-only.
    pub const READ_ONLY: &str = "read_only";
    /// The driver has no such call.
    pub const UNSUPPORTED: &str = "unsupported";
    /// A connection could not be opened.
    pub const CONNECT_FAILED: &str = "connect_failed";
    /// A connection could not be opened: the other side did not accept who we are.
    pub const AUTH_FAILED: &str = "auth_failed";
    /// A connection could not be opened: no permission on the socket.
    pub const PERMISSION_DENIED: &str = "permission_denied";
    /// An open connection was lost.
    pub const DISCONNECTED: &str = "disconnected";
    /// The user or the system asked the run to end; a script cannot catch it.
    pub const INTERRUPTED: &str = "interrupted";
    /// The deadline of the whole run has passed; a script cannot catch it.
    pub const DEADLINE: &str = "deadline";
}

/// What went wrong, as facts.
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Error(Box<Facts>);

/// The fields of an [`Error`]; absent facts are left out where it is shown as data.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Facts {
    /// Stable word, fit for comparison in scripts: see [`code`].
    pub code: Cow<'static, str>,
    /// One sentence for people.
    pub message: String,
    /// The part of libvirt that reported it (`qemu`, `rpc`, …).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<Cow<'static, str>>,
    /// The operation that failed, as the door names it (`domain.start`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Cow<'static, str>>,
    /// The object it was about (`web1`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The URI of the connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The error below this one, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// libvirt's own sentence, where libvirt reported it.
    #[serde(skip)]
    pub libvirt: Option<String>,
    /// What virsh says of it first, a line each: what was being done (`Failed to start domain 'web1'`).
    #[serde(skip)]
    pub context: Vec<String>,
}

impl Error {
    /// Makes an error from its stable word and a sentence.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Facts { code: code.into(), message: message.into(), ..Facts::default() }))
    }

    /// A wrong argument or option.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(code::USAGE, message)
    }

    /// A failed file or program operation on `object`.
    pub fn io(object: impl Into<String>, error: &std::io::Error) -> Self {
        let object = object.into();
        Self::new(code::IO, format!("{object}: {}", Self::words(error))).object(object)
    }

    /// The system's words for a failure, without Rust's number behind them.
    pub fn words(error: &std::io::Error) -> String {
        let text = error.to_string();
        text.split(" (os error").next().unwrap_or(&text).to_owned()
    }

    /// Adds the operation, unless one is known already.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation.get_or_insert_with(|| operation.into());
        self
    }

    /// Adds the object, unless one is known already.
    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.0.object.get_or_insert_with(|| object.into());
        self
    }

    /// Adds the host, unless one is known already.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.0.host.get_or_insert_with(|| host.into());
        self
    }

    /// Adds the part of libvirt that reported it.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.0.domain.get_or_insert_with(|| domain.into());
        self
    }

    /// Adds a hint, unless there is one already.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Puts a better hint in the place of the one there is.
    #[must_use]
    pub fn replace_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds the words of the error below.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.0.cause.get_or_insert_with(|| cause.into());
        self
    }

    /// Adds what else went wrong after it.
    #[must_use]
    pub fn followed_by(mut self, second: &Self) -> Self {
        self.0.message = format!("{}; and then: {second}", self.0.message);
        self
    }

    /// Adds what was being done, in virsh's words; what was said before stands below it.
    #[must_use]
    pub fn context(mut self, words: impl Into<String>) -> Self {
        self.0.context.insert(0, words.into());
        self
    }

    /// Adds libvirt's own sentence, where the message says it in another way.
    #[must_use]
    pub fn libvirt(mut self, message: impl Into<String>) -> Self {
        self.0.libvirt = Some(message.into());
        self
    }

    /// The stable word.
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// All facts.
    pub fn facts(&self) -> &Facts {
        &self.0
    }

    /// True where the run must end and no script may catch it.
    pub fn ends_the_run(&self) -> bool {
        matches!(self.code(), code::INTERRUPTED | code::DEADLINE)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}
