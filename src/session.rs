//! One interpreter with what it remembers: variables, functions, imports and connections.
//!
//! The prompt, batch runs and jobs share it. A source is evaluated with the variables and functions
//! of those before it; nothing here knows a terminal.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use rhai::{AST, Dynamic, Engine, EvalAltResult, ParseError, Scope};

use crate::api::permissions::Permissions;
use crate::api::{self, Context};
use crate::lang::catalog::Catalog;
use crate::libvirt::{Connection, Door, Interrupt};
use crate::output;
use crate::report::Sources;
use crate::stdlib::{EMBEDDED, Modules, Resolver};

/// How deep script functions may call each other.
const CALL_LEVELS: usize = 500;
/// How deep expressions may nest, at top level and in functions.
const EXPRESSION_DEPTH: usize = 128;
/// The stack of the thread that runs scripts, in bytes: room for [`CALL_LEVELS`]; untouched parts cost nothing.
pub const STACK: usize = 256 << 20;
/// The interrupt is looked at every so many operations.
const OPERATIONS_PER_LOOK: u64 = 256;

/// What a session is made with.
pub struct Settings {
    /// The rules, the interrupt, the record.
    pub door: Arc<Door>,
    /// What the script may do on this machine.
    pub permissions: Permissions,
    /// The default connection; `None` lets libvirt choose.
    pub uri: Option<String>,
    /// The arguments of the script.
    pub args: Vec<String>,
    /// The folder of the main script.
    pub folder: Option<PathBuf>,
    /// The configured library folder.
    pub library: Option<PathBuf>,
}

/// See the module.
pub struct Session {
    engine: Engine,
    scope: Scope<'static>,
    /// The functions of all sources so far, and closures that variables may hold.
    functions: AST,
    /// The imports of all sources so far, to be made again for each.
    imports: AST,
    context: Arc<Context>,
    modules: Arc<Modules>,
    sources: HashMap<String, String>,
    /// The name of the last source.
    evaluated: String,
    /// The source of each closure.
    closures: HashMap<String, String>,
}

impl Session {
    /// Makes a session; no connection is opened.
    pub fn new(settings: Settings) -> Self {
        let Settings { door, permissions, uri, args, folder, library } = settings;
        let modules = Arc::new(Modules::new(folder.clone(), library));
        let context = Arc::new(Context::new(door, permissions, uri, args));
        let mut scope = Scope::new();
        scope.push("args", context.args());
        Self {
            engine: engine(&context, &modules),
            scope,
            functions: AST::empty(),
            imports: AST::empty(),
            context,
            modules,
            sources: HashMap::new(),
            evaluated: String::new(),
            closures: HashMap::new(),
        }
    }

    /// Evaluates a source; `name` is what errors call it.
    ///
    /// Errors: what the script did not catch. Variables and functions that were made before it
    /// failed stay.
    pub fn eval(&mut self, name: &str, text: &str) -> Result<Dynamic, Box<EvalAltResult>> {
        let ast = self.compile(name, text)?;
        self.run(&ast)
    }

    /// Parses a source without running it.
    pub fn compile(&mut self, name: &str, text: &str) -> Result<AST, ParseError> {
        self.sources.insert(name.into(), text.into());
        self.evaluated = name.into();
        let mut ast = self.engine.compile_with_scope(&self.scope, text)?;
        ast.set_source(name);
        let closures = ast.iter_functions().map(|f| f.name).filter(|name| is_closure(name));
        self.closures.extend(closures.map(|closure| (closure.to_owned(), name.to_owned())));
        Ok(ast)
    }

    fn run(&mut self, ast: &AST) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut merged = self.imports.merge(&self.functions).merge(ast);
        if let Some(source) = ast.source() {
            merged.set_source(source);
        }
        let outcome = self.engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &merged);
        // Kept even after a failure: a variable may hold a closure of this source by now.
        self.functions = self.functions.merge(ast);
        self.functions.clear_statements();
        if outcome.is_ok()
            && let Some(imports) = crate::lang::imports::only(ast)
        {
            self.imports = self.imports.merge(&imports);
        }
        outcome
    }

    /// Gives the last value its name, `it`.
    pub fn remember(&mut self, value: Dynamic) {
        self.scope.set_value("it", value);
    }

    /// The interpreter.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The variables.
    pub fn scope(&self) -> &Scope<'static> {
        &self.scope
    }

    /// The functions of all sources so far.
    pub fn functions(&self) -> &AST {
        &self.functions
    }

    /// What native functions know of the session.
    pub fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// How modules are found.
    pub fn modules(&self) -> &Arc<Modules> {
        &self.modules
    }

    /// The default connection.
    pub fn connection(&self) -> Connection {
        self.context.connection()
    }

    /// The wish that the run should end.
    pub fn interrupt(&self) -> &Interrupt {
        self.context.door().interrupt()
    }
}

impl Sources for Session {
    fn main(&self) -> &str {
        &self.evaluated
    }

    /// Evaluated here, embedded, or a file.
    fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.sources.get(name) {
            return Some(text.clone());
        }
        let embedded = name.strip_prefix("stdlib/").and_then(|n| n.strip_suffix(".rhai"));
        if let Some(text) = embedded.and_then(crate::stdlib::source) {
            return Some(text.into());
        }
        std::fs::read_to_string(name).ok()
    }

    fn home(&self, closure: &str) -> Option<&str> {
        self.closures.get(closure).map(String::as_str)
    }
}

/// Closures have names that the parser makes up.
fn is_closure(name: &str) -> bool {
    name.starts_with("anon$")
}

fn engine(context: &Arc<Context>, modules: &Arc<Modules>) -> Engine {
    let mut engine = bare_engine();
    engine.set_module_resolver(Resolver(modules.clone()));
    engine.set_default_tag(Dynamic::from(context.clone()));
    let interrupt = context.door().interrupt().clone();
    engine.on_progress(move |operations| {
        if operations % OPERATIONS_PER_LOOK != 0 {
            return None;
        }
        interrupt.reason().map(|reason| Dynamic::from(reason.error()))
    });
    let closed = context.door().interrupt().clone();
    engine.on_print(move |text| write_line(text, &closed));
    engine.on_debug(|text, source, position| {
        output::err(&format!("{}{position}: {text}\n", source.map(|s| format!("{s}:")).unwrap_or_default()));
    });
    engine
}

/// An engine with everything that scripts see but no session: for the catalog, `check` and the reference.
pub fn bare_engine() -> Engine {
    let mut engine = Engine::new();
    // The interner's lock serialises threads and costs more than it saves.
    engine.set_max_strings_interned(0);
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(EXPRESSION_DEPTH, EXPRESSION_DEPTH);
    engine.set_strict_variables(true);
    api::register(&mut engine);
    engine
}

/// `print`: nobody reading any more, or a full disk, ends the run.
fn write_line(text: &str, interrupt: &Interrupt) {
    match output::out(&format!("{text}\n")) {
        Ok(output::Written::All) => {}
        Ok(output::Written::Closed) => interrupt.raise(crate::libvirt::Reason::OutputClosed),
        Err(error) => {
            crate::report::warn(&error.to_string());
            interrupt.raise(crate::libvirt::Reason::OutputFailed);
        }
    }
}

/// Everything callable, with its documentation: what help, completion, `check` and the reference read.
///
/// Takes some milliseconds, so it is made when it is first needed.
pub fn catalog(engine: &Engine) -> Catalog {
    let mut catalog = Catalog::from_engine(engine, &api::option_tables());
    for (name, text) in EMBEDDED {
        // They parse, or the tests of the library fail.
        if let Ok(ast) = engine.compile(text) {
            catalog.add_module(name, &ast);
        }
    }
    catalog
}

#[cfg(test)]
mod tests;
