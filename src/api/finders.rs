//! The finders: methods of a connection that are also global functions on the default one.

use rhai::{Dynamic, FuncRegistration, Module, NativeCallContext};

use super::{Context, Fallible};
use crate::lang::natives::Natives;

/// The global form of a method of a connection.
struct Finder {
    name: &'static str,
    /// its parameters besides the connection
    parameters: &'static [&'static str],
    returns: &'static str,
    /// a line that runs on the test driver
    example: &'static str,
}

const fn finder(
    name: &'static str,
    parameters: &'static [&'static str],
    returns: &'static str,
    example: &'static str,
) -> Finder {
    Finder { name, parameters, returns, example }
}

const FINDERS: &[Finder] = &[
    finder("domain", &["name: Dynamic"], "Domain", "print(domain(\"test\"))"),
    finder("domains", &[], "[Domain]", "print(domains())"),
    finder("domains", &["options: Map"], "[Domain]", "print(domains(#{ name: \"*\" }))"),
    finder("top", &[], "()", "try { top() } catch (e) { print(e.hint) }"),
    finder("top", &["options: Map"], "()", "try { top(#{ sort: \"memory\" }) } catch (e) { print(e.hint) }"),
    finder("host", &[], "Host", "print(host())"),
    finder("interface", &["name: Dynamic"], "Interface", "print(interface(\"eth1\"))"),
    finder("interfaces", &[], "[Interface]", "print(interfaces())"),
    finder("interfaces", &["options: Map"], "[Interface]", "print(interfaces(#{ name: \"*\" }))"),
    finder("network", &["name: Dynamic"], "Network", "print(network(\"default\"))"),
    finder("networks", &[], "[Network]", "print(networks())"),
    finder("networks", &["options: Map"], "[Network]", "print(networks(#{ name: \"*\" }))"),
    finder("node_device", &["name: Dynamic"], "NodeDevice", "print(node_device(\"computer\"))"),
    finder(
        "node_device",
        &["wwnn: Dynamic", "wwpn: Dynamic"],
        "NodeDevice",
        "try { print(node_device(\"20000000c9831b4b\", \"10000000c9831b4b\")) } catch (e) { print(e.code) }",
    ),
    finder("node_devices", &[], "[NodeDevice]", "print(node_devices())"),
    finder("node_devices", &["options: Map"], "[NodeDevice]", "print(node_devices(#{ name: \"*\" }))"),
    finder(
        "nwfilter",
        &["name: Dynamic"],
        "NwFilter",
        "try { print(nwfilter(\"clean-traffic\")) } catch (e) { print(e.code) }",
    ),
    finder("nwfilters", &[], "[NwFilter]", "try { print(nwfilters()) } catch (e) { print(e.code) }"),
    finder(
        "nwfilters",
        &["options: Map"],
        "[NwFilter]",
        "try { print(nwfilters(#{ name: \"*\" })) } catch (e) { print(e.code) }",
    ),
    finder(
        "nwfilter_binding",
        &["port_dev: Dynamic"],
        "NwFilterBinding",
        "try { print(nwfilter_binding(\"vnet0\")) } catch (e) { print(e.code) }",
    ),
    finder(
        "nwfilter_bindings",
        &[],
        "[NwFilterBinding]",
        "try { print(nwfilter_bindings()) } catch (e) { print(e.code) }",
    ),
    finder("pool", &["name: Dynamic"], "StoragePool", "print(pool(\"default-pool\"))"),
    finder("pools", &[], "[StoragePool]", "print(pools())"),
    finder("pools", &["options: Map"], "[StoragePool]", "print(pools(#{ name: \"*\" }))"),
    finder(
        "secret",
        &["name: Dynamic"],
        "Secret",
        "try { print(secret(\"client.admin\")) } catch (e) { print(e.code) }",
    ),
    finder(
        "secret",
        &["usage_type: Dynamic", "usage_id: Dynamic"],
        "Secret",
        "try { print(secret(\"ceph\", \"client.admin\")) } catch (e) { print(e.code) }",
    ),
    finder("secrets", &[], "[Secret]", "try { print(secrets()) } catch (e) { print(e.code) }"),
    finder(
        "secrets",
        &["options: Map"],
        "[Secret]",
        "try { print(secrets(#{ private_: false })) } catch (e) { print(e.code) }",
    ),
    finder(
        "volume",
        &["path: Dynamic"],
        "StorageVolume",
        "try { print(volume(\"/no/such/file\")) } catch (e) { print(e.code) }",
    ),
    finder(
        "volume",
        &["pool: Dynamic", "name: Dynamic"],
        "StorageVolume",
        "try { print(volume(\"default-pool\", \"no-such-file\")) } catch (e) { print(e.code) }",
    ),
];

/// Registers the global form of each finder.
pub(super) fn register(natives: &mut Natives) {
    for finder in FINDERS {
        finder.register(natives.module());
    }
}

impl Finder {
    fn register(&self, module: &mut Module) {
        let name = self.name;
        let comments = [
            format!("/// `{name}` of the default connection, `conn()`."),
            "///".into(),
            format!("/// See `Connection.{name}`."),
            format!("/// @returns {}", self.returns),
            "///".into(),
            "/// ```rhai".into(),
            format!("/// {}", self.example),
            "/// ```".into(),
        ];
        let registration = FuncRegistration::new(name)
            .with_comments(&comments)
            .with_params_info([self.parameters, &["Fallible<Dynamic>"]].concat());
        match self.parameters.len() {
            0 => registration
                .set_into_module(module, move |call: NativeCallContext| find(&call, name, &mut [])),
            1 => registration.set_into_module(module, move |call: NativeCallContext, a: Dynamic| {
                find(&call, name, &mut [a])
            }),
            _ => registration
                .set_into_module(module, move |call: NativeCallContext, a: Dynamic, b: Dynamic| {
                    find(&call, name, &mut [a, b])
                }),
        };
    }
}

fn find(call: &NativeCallContext, name: &str, arguments: &mut [Dynamic]) -> Fallible<Dynamic> {
    let mut connection = Dynamic::from(Context::of(call)?.connection());
    let mut all: Vec<&mut Dynamic> = vec![&mut connection];
    all.extend(arguments.iter_mut());
    call.call_native_fn_raw(name, true, &mut all)
}
