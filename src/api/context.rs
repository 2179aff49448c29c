//! What native functions need of the session: the door, the default connection, the arguments.
//!
//! It travels in the engine's tag, so a function that takes the call's context finds it also on
//! other threads and inside closures.

use std::sync::{Arc, Mutex, PoisonError};

use rhai::{Array, Dynamic, ImmutableString, NativeCallContext};

use super::Fallible;
use super::permissions::Permissions;
use super::virsh::Output;
use crate::error::Error;
use crate::libvirt::{Connection, Door};
use crate::output::View;

/// See the module.
pub struct Context {
    door: Arc<Door>,
    permissions: Permissions,
    args: Vec<String>,
    uri: Option<String>,
    view: View,
    script_doc: Mutex<ImmutableString>,
    default: Mutex<Option<Connection>>,
    virsh: Output,
    history: Option<String>,
}

impl Context {
    /// Makes the context of a session; `uri` is that of the default connection, `None` lets libvirt
    /// choose.
    pub fn new(door: Arc<Door>, permissions: Permissions, uri: Option<String>, args: Vec<String>) -> Self {
        Self {
            door,
            permissions,
            args,
            uri,
            view: View::default(),
            script_doc: Mutex::default(),
            default: Mutex::default(),
            virsh: Output::default(),
            history: None,
        }
    }

    /// Shows values as `view` says.
    #[must_use]
    pub fn with_view(self, view: View) -> Self {
        Self { view, ..self }
    }

    /// Keeps what is measured where the configuration says.
    #[must_use]
    pub fn with_history(self, history: Option<String>) -> Self {
        Self { history, ..self }
    }

    /// Where the configuration wants the history store.
    pub fn history(&self) -> Option<&str> {
        self.history.as_deref()
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

    /// How `show` writes values.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Where the bodies of virsh's commands write.
    pub fn virsh(&self) -> &Output {
        &self.virsh
    }

    /// The comment at the top of the script that runs.
    pub fn script_doc(&self) -> ImmutableString {
        self.script_doc.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps the comment at the top of the script that will run.
    pub fn set_script_doc(&self, doc: String) {
        *self.script_doc.lock().unwrap_or_else(PoisonError::into_inner) = doc.into();
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
