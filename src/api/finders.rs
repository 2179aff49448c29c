//! The finders: methods of a connection that are also global functions on the default one.

use rhai::{Dynamic, Engine, FuncRegistration, Module, NativeCallContext};

use super::{Context, Fallible};

/// Name, number of arguments besides the connection, and what it returns.
const FINDERS: &[(&str, usize, &str)] =
    &[("domain", 1, "Domain"), ("domains", 0, "[Domain]"), ("domains", 1, "[Domain]"), ("host", 0, "Host")];

/// Registers the global form of each finder.
pub(super) fn register(engine: &mut Engine) {
    let mut module = Module::new();
    for &(name, arguments, returns) in FINDERS {
        let example = match (name, arguments) {
            (_, 0) => format!("/// print({name}())"),
            ("domain", _) => "/// print(domain(\"test\"))".to_owned(),
            (_, _) => format!("/// print({name}(#{{ name: \"*\" }}))"),
        };
        let comments = [
            format!("/// `{name}` of the default connection, `conn()`."),
            "///".into(),
            format!("/// See `Connection.{name}`."),
            format!("/// @returns {returns}"),
            "///".into(),
            "/// ```rhai".into(),
            example,
            "/// ```".into(),
        ];
        let parameter = if name.ends_with('s') { "options: Map" } else { "name: Dynamic" };
        let registration = FuncRegistration::new(name).with_comments(&comments);
        if arguments == 0 {
            registration
                .with_params_info(["Fallible<Dynamic>"])
                .set_into_module(&mut module, move |call: NativeCallContext| find(&call, name, &mut []));
        } else {
            registration
                .with_params_info([parameter, "Fallible<Dynamic>"])
                .set_into_module(&mut module, move |call: NativeCallContext, argument: Dynamic| {
                    find(&call, name, &mut [argument])
                });
        }
    }
    engine.register_global_module(module.into());
}

fn find(call: &NativeCallContext, name: &str, arguments: &mut [Dynamic]) -> Fallible<Dynamic> {
    let mut connection = Dynamic::from(Context::of(call)?.connection());
    let mut all: Vec<&mut Dynamic> = vec![&mut connection];
    all.extend(arguments.iter_mut());
    call.call_native_fn_raw(name, true, &mut all)
}
