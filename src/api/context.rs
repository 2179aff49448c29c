//! What native functions need of the session: the door, the default connection, the arguments.
//!
//! It travels in the engine's tag, so a function that takes the call's context finds it also on
//! other threads and inside closures.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Array, Dynamic, NativeCallContext};

use super::Fallible;
use crate::error::Error;
use crate::libvirt::{Connection, Door};

/// See the module.
pub struct Context {
    door: Arc<Door>,
    args: Vec<String>,
    default_uri: Mutex<Option<String>>,
    default: Mutex<Option<Connection>>,
    script_folder: Option<PathBuf>,
}

impl Context {
    /// Makes the context of a session; `uri` is that of the default connection, `None` lets libvirt
    /// choose.
    pub fn new(
        door: Arc<Door>,
        uri: Option<String>,
        args: Vec<String>,
        script_folder: Option<PathBuf>,
    ) -> Self {
        Self { door, args, default_uri: Mutex::new(uri), default: Mutex::default(), script_folder }
    }

    /// The context of a call.
    pub fn of(call: &NativeCallContext) -> Fallible<Arc<Self>> {
        call.tag()
            .and_then(|tag| tag.clone().try_cast::<Arc<Self>>())
            .ok_or_else(|| Error::new("internal_error", "this engine belongs to no session").into())
    }

    /// The door of the session.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// The arguments of the script.
    pub fn args(&self) -> Array {
        self.args.iter().map(|arg| Dynamic::from(arg.clone())).collect()
    }

    /// The folder of the script, where it has one.
    pub fn script_folder(&self) -> Option<&PathBuf> {
        self.script_folder.as_ref()
    }

    /// The default connection; made here, opened at its first use.
    pub fn connection(&self) -> Connection {
        let mut default = self.default.lock().unwrap_or_else(PoisonError::into_inner);
        default
            .get_or_insert_with(|| {
                let uri = self.default_uri.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Connection::new(uri, false, self.door.clone())
            })
            .clone()
    }

    /// Makes another connection the default one.
    pub fn set_connection(&self, connection: Connection) {
        *self.default.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}
