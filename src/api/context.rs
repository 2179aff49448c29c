//! What native functions need of the session: the door, the default connection, the arguments.
//!
//! It travels in the engine's tag, so a function that takes the call's context finds it also on
//! other threads and inside closures.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Array, Dynamic, NativeCallContext};

use super::Fallible;
use super::permissions::Permissions;
use crate::error::Error;
use crate::libvirt::{Connection, Door};

/// See the module.
pub struct Context {
    door: Arc<Door>,
    permissions: Permissions,
    args: Vec<String>,
    uri: Option<String>,
    default: Mutex<Option<Connection>>,
}

impl Context {
    /// Makes the context of a session; `uri` is that of the default connection, `None` lets libvirt
    /// choose.
    pub fn new(door: Arc<Door>, permissions: Permissions, uri: Option<String>, args: Vec<String>) -> Self {
        Self { door, permissions, args, uri, default: Mutex::default() }
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

    /// What the script may do on this machine.
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// The default connection; made here, opened at its first use.
    pub fn connection(&self) -> Connection {
        let mut default = self.default.lock().unwrap_or_else(PoisonError::into_inner);
        default.get_or_insert_with(|| Connection::new(self.uri.clone(), false, self.door.clone())).clone()
    }

    /// Makes another connection the default one.
    pub fn set_connection(&self, connection: Connection) {
        *self.default.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}
