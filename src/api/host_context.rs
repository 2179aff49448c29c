//! What the host tools (`fs`, `os`, …) need of the session that runs the script.

use std::sync::Arc;

use rhai::NativeCallContext;

use super::permissions::{Permission, Permissions};
use super::{Context, Fallible};
use crate::error::Error;
use crate::lang::names;

/// The part of a session that the host tools see.
pub(super) trait HostContext: Send + Sync {
    /// Returns what the script may do.
    fn permissions(&self) -> Permissions;

    /// Returns why the run has to end, where it has to: interruption or deadline.
    fn interrupted(&self) -> Option<Error>;
}

/// Returns the session of a call.
///
/// Errors: `internal_error` where the engine has no session: without one, nothing is allowed.
pub(super) fn context(call: &NativeCallContext) -> Fallible<Arc<dyn HostContext>> {
    #[cfg(test)]
    if let Some(context) = call.tag().and_then(|tag| tag.clone().try_cast::<testing::HostTag>()) {
        return Ok(context.0);
    }
    Ok(Context::of(call)?)
}

impl HostContext for Context {
    fn permissions(&self) -> Permissions {
        self.permissions()
    }

    fn interrupted(&self) -> Option<Error> {
        self.door().interrupt().check().err()
    }
}

/// Lets the function `what`, acting on `object`, pass where the script may do it.
///
/// Errors: `denied`.
pub(super) fn allow(
    call: &NativeCallContext,
    permission: Permission,
    what: &'static str,
    object: &str,
) -> Fallible<()> {
    let checked = context(call)?.permissions().check(permission, what);
    Ok(checked.map_err(|error| error.operation(names::operation(what)).object(object))?)
}

/// Returns why the run has to end, where it has to.
pub(super) fn interrupted(call: &NativeCallContext) -> Option<Error> {
    context(call).ok()?.interrupted()
}

#[cfg(test)]
pub(super) mod testing {
    //! A session for tests of host tools.

    use std::sync::atomic::{AtomicBool, Ordering};

    use rhai::{Dynamic, Engine};

    use super::*;
    use crate::error::code;

    /// What the engine of a test carries as its tag.
    #[derive(Clone)]
    pub(crate) struct HostTag(pub(crate) Arc<dyn HostContext>);

    /// A session with these permissions that can be interrupted.
    pub(crate) struct TestContext {
        pub(crate) permissions: Permissions,
        pub(crate) stop: AtomicBool,
    }

    impl HostContext for TestContext {
        fn permissions(&self) -> Permissions {
            self.permissions
        }

        fn interrupted(&self) -> Option<Error> {
            self.stop.load(Ordering::SeqCst).then(|| Error::new(code::INTERRUPTED, "interrupted"))
        }
    }

    /// Gives an engine a session that denies what is listed, and returns that session.
    pub(crate) fn join(engine: &mut Engine, deny: &str) -> Arc<TestContext> {
        let permissions = deny.parse().unwrap();
        let context = Arc::new(TestContext { permissions, stop: AtomicBool::new(false) });
        engine.set_default_tag(Dynamic::from(HostTag(context.clone())));
        context
    }

    /// Runs a script that has to fail, and returns our error.
    pub(crate) fn failure(engine: &Engine, script: &str) -> Error {
        let error = engine.eval::<Dynamic>(script).expect_err(script);
        match error.unwrap_inner() {
            rhai::EvalAltResult::ErrorRuntime(value, _) | rhai::EvalAltResult::ErrorTerminated(value, _) => {
                value.clone().try_cast::<Error>().expect("an Error")
            }
            other => panic!("{script}: {other}"),
        }
    }
}
