//! A parsed script in the form that the walk needs.

use std::collections::{HashMap, HashSet};

use rhai::{AST, ASTNode, Expr, FnAccess, FnCallExpr, Module, ScriptFuncDef, Shared, Stmt};

use super::chain::{Chain, Link};
use crate::lang::doc::Tags;
use crate::lang::names::is_closure;
use crate::lang::types::Type;

/// Methods that put new elements into their receiver.
const FILLING: [&str; 7] = ["push", "append", "insert", "splice", "pad", "set", "fill_with"];

/// A script, taken apart.
pub(super) struct Program {
    pub(super) statements: Vec<Stmt>,
    /// Its named functions.
    pub(super) functions: Vec<Function>,
    /// Its closures, by the name that the parser gives them.
    pub(super) closures: HashMap<String, Function>,
    pub(super) facts: Facts,
}

/// A function of a script.
pub(super) struct Function {
    pub(super) name: String,
    pub(super) params: Vec<String>,
    /// The type in front of its name.
    pub(super) this: Option<Type>,
    pub(super) returns: Type,
    pub(super) body: Vec<Stmt>,
    /// True where `return` stands somewhere in it: its result is not that of its last statement alone.
    pub(super) returns_early: bool,
}

/// What is true of names anywhere in the script, whatever their scope.
#[derive(Default)]
pub(super) struct Facts {
    /// Variables that get another value after their declaration.
    pub(super) assigned: HashSet<String>,
    /// Variables whose elements change.
    pub(super) filled: HashSet<String>,
    /// Keys that object maps have.
    pub(super) keys: HashSet<String>,
    /// Variables whose existence the script asks for with `is_def_var`.
    pub(super) probed: HashSet<String>,
    /// Modules that are imported, as alias and path where it is a literal.
    pub(super) imports: Vec<(String, Option<String>)>,
    /// True where code is made at run time, which can declare anything.
    pub(super) evaluates: bool,
}

impl Program {
    pub(super) fn new(ast: &AST) -> Self {
        let mut functions = Vec::new();
        let mut closures = HashMap::new();
        for (.., definition) in ast.shared_lib().iter_script_fn_info() {
            let function = Function::new(definition);
            if is_closure(&function.name) {
                closures.insert(function.name.clone(), function);
            } else {
                functions.push(function);
            }
        }
        functions.sort_by(|a, b| (&a.name, a.params.len(), &a.this).cmp(&(&b.name, b.params.len(), &b.this)));
        let mut facts = Facts::default();
        let own: HashSet<&str> = functions.iter().map(|function| function.name.as_str()).collect();
        ast.walk(&mut |path| {
            facts.note(path.last(), &own);
            true
        });
        Self { statements: ast.statements().to_vec(), functions, closures, facts }
    }

    /// Returns the script's own functions of a name that belong to no type.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Function> {
        self.functions.iter().filter(move |function| function.name == name)
    }
}

impl Function {
    fn new(definition: &Shared<ScriptFuncDef>) -> Self {
        let tags = Tags::parse(&definition.comments.join("\n"));
        let (body, returns_early) = body(definition);
        Self {
            name: definition.name.to_string(),
            params: definition.params.iter().map(ToString::to_string).collect(),
            this: definition.this_type.as_deref().map(Type::from_this),
            returns: tags.returns.unwrap_or(Type::Any),
            body,
            returns_early,
        }
    }
}

/// Returns the public functions of a script that runs before this one, such as earlier lines at the prompt.
pub(super) fn earlier_functions(ast: &AST) -> Vec<Function> {
    let named = |definition: &&Shared<ScriptFuncDef>| !is_closure(&definition.name);
    let library = ast.shared_lib();
    library
        .iter_script_fn_info()
        .filter(|(_, access, ..)| *access == FnAccess::Public)
        .map(|(.., definition)| definition)
        .filter(named)
        .map(Function::new)
        .collect()
}

/// Returns the statements of a function, and whether it returns early. rhai hides the type of its body, but
/// walks a module that has it.
fn body(definition: &Shared<ScriptFuncDef>) -> (Vec<Stmt>, bool) {
    let mut module = Module::new();
    module.set_script_fn(definition.clone());
    let mut statements = Vec::new();
    let mut returns_early = false;
    AST::new_from_module(module).walk(&mut |path| {
        if let [ASTNode::Stmt(statement)] = path {
            statements.push((*statement).clone());
        }
        returns_early |= matches!(path.last(), Some(ASTNode::Stmt(Stmt::Return(..))));
        true
    });
    (statements, returns_early)
}

impl Facts {
    fn note(&mut self, node: Option<&ASTNode>, own: &HashSet<&str>) {
        match node {
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => self.note_assignment(&assignment.1.lhs),
            Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                let path = match &import.0 {
                    Expr::StringConstant(path, _) => Some(path.to_string()),
                    _ => None,
                };
                self.imports.push((import.1.name.to_string(), path));
            }
            Some(ASTNode::Stmt(Stmt::FnCall(call, _)) | ASTNode::Expr(Expr::FnCall(call, _))) => {
                self.note_call(call, own);
            }
            Some(ASTNode::Expr(Expr::Map(map, _))) => {
                self.keys.extend(map.0.iter().map(|(key, _)| key.name.to_string()));
            }
            Some(ASTNode::Expr(expr @ (Expr::Dot(..) | Expr::Index(..)))) => self.note_chain(expr, own),
            _ => {}
        }
    }

    fn note_assignment(&mut self, target: &Expr) {
        if let Expr::Variable(variable, ..) = target {
            self.assigned.insert(variable.1.to_string());
        } else if let Some(chain) = Chain::new(target) {
            if let Expr::Variable(variable, ..) = chain.root {
                self.filled.insert(variable.1.to_string());
            }
            match chain.links.last() {
                Some(Link::Property { name, .. }) => {
                    self.keys.insert((*name).to_string());
                }
                Some(Link::Index(Expr::StringConstant(key, _))) => {
                    self.keys.insert(key.to_string());
                }
                _ => {}
            }
        }
    }

    fn note_chain(&mut self, expr: &Expr, own: &HashSet<&str>) {
        let Some(Chain { root: Expr::Variable(variable, ..), links }) = Chain::new(expr) else { return };
        let fills = |link: &Link| match link {
            Link::Method { call, .. } => {
                FILLING.contains(&call.name.as_str()) || own.contains(call.name.as_str())
            }
            _ => false,
        };
        if links.iter().any(fills) {
            self.filled.insert(variable.1.to_string());
        }
    }

    fn note_call(&mut self, call: &FnCallExpr, own: &HashSet<&str>) {
        match (call.name.as_str(), call.args.first()) {
            ("eval", _) => self.evaluates = true,
            ("is_def_var", Some(Expr::StringConstant(name, _))) => {
                self.probed.insert(name.to_string());
            }
            (name, Some(Expr::Variable(variable, ..))) if FILLING.contains(&name) && !own.contains(name) => {
                self.filled.insert(variable.1.to_string());
            }
            _ => {}
        }
    }
}
