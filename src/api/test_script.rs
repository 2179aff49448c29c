//! Runs scripts against a private test node, as a session would.

use std::sync::Arc;

use rhai::{Dynamic, Engine, EvalAltResult, Scope};

use super::data::to_data;
use super::permissions::Permissions;
use super::{Context, error};
use crate::error::Error;
use crate::lang::natives::Docs;
use crate::libvirt::Door;
use crate::libvirt::test_node::TestNode;

/// See the module. All scripts of one see the same node.
pub(super) struct TestScript {
    engine: Engine,
    // Dropped after the connection that reads it.
    _node: Option<TestNode>,
}

impl TestScript {
    pub(super) fn new() -> Self {
        let node = TestNode::new();
        Self { engine: engine(&node.uri()), _node: Some(node) }
    }

    /// The same on `test:///default`, which all tests of the process share: change nothing there.
    pub(super) fn default_host() -> Self {
        Self { engine: engine("test:///default"), _node: None }
    }

    /// The value of a script that must not fail.
    pub(super) fn value<T: Clone + Send + Sync + 'static>(&self, script: &str) -> T {
        let outcome = self.engine.eval::<Dynamic>(script);
        let value = outcome.unwrap_or_else(|e| panic!("{script}: {:?}", error::from_rhai(&e)));
        value.try_cast_result().unwrap_or_else(|value| panic!("{script} gives {}", value.type_name()))
    }

    /// The value of a script that must not fail, as `print` shows it.
    pub(super) fn text(&self, script: &str) -> String {
        let mut scope = Scope::new();
        scope.push_dynamic("value", self.value::<Dynamic>(script));
        self.engine.eval_with_scope(&mut scope, "value.to_string()").expect(script)
    }

    /// The same for a script that sees a variable.
    pub(super) fn text_with(&self, name: &str, value: Dynamic, script: &str) -> String {
        let mut scope = Scope::new();
        scope.push_dynamic(name, value);
        let shown: Result<Dynamic, _> = self.engine.eval_with_scope(&mut scope, script);
        scope.push_dynamic("shown", shown.unwrap_or_else(|e| panic!("{script}: {:?}", error::from_rhai(&e))));
        self.engine.eval_with_scope(&mut scope, "shown.to_string()").expect(script)
    }

    /// The error of a script that may fail.
    pub(super) fn outcome(&self, script: &str) -> Option<Error> {
        self.engine.eval::<Dynamic>(script).err().map(|e| error::from_rhai(&e))
    }

    /// The value of a script that must not fail, as JSON.
    pub(super) fn json(&self, script: &str) -> String {
        serde_json::to_string(&to_data(&self.value(script)).expect(script)).unwrap()
    }

    /// The error of a script that must fail.
    pub(super) fn error(&self, script: &str) -> Error {
        let outcome: Result<Dynamic, Box<EvalAltResult>> = self.engine.eval(script);
        match outcome {
            Ok(value) => panic!("{script} gives {value:?}"),
            Err(e) => error::from_rhai(&e),
        }
    }

    /// The code and the hint of a script that must fail.
    pub(super) fn refusal(&self, script: &str) -> (String, String) {
        let error = self.error(script);
        (error.code().to_owned(), error.facts().hint.clone().unwrap_or_default())
    }
}

fn engine(uri: &str) -> Engine {
    let mut engine = Engine::new();
    super::register(&mut engine, Docs::Dropped);
    let context = Context::new(Arc::<Door>::default(), Permissions::default(), Some(uri.into()), Vec::new());
    engine.set_default_tag(Dynamic::from(Arc::new(context)));
    engine
}
