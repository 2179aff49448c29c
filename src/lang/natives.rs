//! How bindings reach an engine.
//!
//! Bindings are static lists that `#[export_module(manifest)]` writes. All global ones become one module of the
//! engine, because a name is looked for in one module after the other. Documentation and the names of parameters
//! are left out where nobody reads them: in an engine that only runs scripts they would take most of its memory
//! and a large part of the time in which it starts.

use rhai::plugin::ModuleManifest;
use rhai::{Engine, FuncRegistration, Module, RhaiFunc};

/// Whether an engine knows the documentation of what it can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Docs {
    /// Yes: for help, completion, `check` and the reference.
    Kept,
    /// No: it only runs scripts.
    Dropped,
}

/// Takes bindings for an engine; see the module. What is no function (types, iterators) goes to the engine itself.
pub struct Natives<'e> {
    engine: &'e mut Engine,
    docs: Docs,
    global: Module,
}

impl Natives<'_> {
    /// Binds what `register` hands over.
    pub fn bind(engine: &mut Engine, docs: Docs, register: impl FnOnce(&mut Natives)) {
        let mut natives = Natives { engine, docs, global: Module::new() };
        register(&mut natives);
        let Natives { engine, mut global, .. } = natives;
        global.build_index();
        engine.register_global_module(global.into());
    }

    /// Binds functions that are called without a namespace, and methods and properties.
    pub fn global(&mut self, functions: &'static ModuleManifest) {
        add(&mut self.global, functions, self.docs);
    }

    /// Binds functions that are called behind a namespace: `json::parse`.
    pub fn namespace(&mut self, name: &str, functions: &[&'static ModuleManifest]) {
        let mut module = Module::new();
        for manifest in functions {
            add(&mut module, manifest, self.docs);
        }
        module.build_index();
        self.engine.register_static_module(name, module.into());
    }

    /// Whether this engine knows the documentation.
    pub fn docs(&self) -> Docs {
        self.docs
    }

    /// The module of the global functions, for those that are made and not written.
    pub fn module(&mut self) -> &mut Module {
        &mut self.global
    }

    /// The engine itself, for types and iterators.
    pub fn engine(&mut self) -> &mut Engine {
        self.engine
    }
}

fn add(module: &mut Module, functions: &'static ModuleManifest, docs: Docs) {
    functions.init_eager(module);
    functions.for_each_fn(true, &mut |function| match docs {
        Docs::Kept => function.register_into(module),
        Docs::Dropped => {
            function.with_param_types(&mut |types| {
                FuncRegistration::new(function.name())
                    .with_namespace(function.namespace())
                    .set_into_module_raw(module, types, RhaiFunc::StaticPlugin { func: function.func() });
            });
        }
    });
}
