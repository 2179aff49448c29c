//! The commands as functions of scripts: `virsh::list(#{ all: true })` gives data and writes nothing.

use std::sync::Arc;

use rhai::{Dynamic, FuncRegistration, Map, Module, NativeCallContext};

use super::call::options_of_script;
use super::records::{self, Command};
use super::run;
use crate::api::{Context, Fallible};
use crate::stdlib::Modules;

/// Makes the module with one function for each command, with and without options.
pub(crate) fn functions(modules: &Arc<Modules>) -> Module {
    let mut module = Module::new();
    for command in records::commands() {
        let name = command.function();
        let doc = documentation(&command);
        let body = Arc::new(Body { command, modules: modules.clone() });
        let without = body.clone();
        FuncRegistration::new(name.as_str())
            .with_comments([doc.as_str()])
            .with_params_info(["Dynamic"])
            .set_into_module(&mut module, move |context: NativeCallContext| {
                without.call(&context, Map::new())
            });
        FuncRegistration::new(name.as_str())
            .with_comments([doc.as_str()])
            .with_params_info(["options: Map", "Dynamic"])
            .set_into_module(&mut module, move |context: NativeCallContext, options: Map| {
                body.call(&context, options)
            });
    }
    module
}

struct Body {
    command: Command,
    modules: Arc<Modules>,
}

impl Body {
    fn call(&self, context: &NativeCallContext, options: Map) -> Fallible<Dynamic> {
        let options = options_of_script(&self.command, options)?;
        let output = Context::of(context)?;
        output.virsh().hidden(|| run::body(context.engine(), &self.modules, &self.command, options))
    }
}

fn documentation(command: &Command) -> String {
    format!("/// {}.\n///\n/// The command `{}` of virsh as a function.", command.summary, command.name)
}
