//! The values of a script and their types.

use rhai::{Dynamic, Expr, FnCallExpr, FnPtr, Position, Stmt, StmtBlock};

use super::program::Function;
use super::scope::Frame;
use super::typing::operator_type;
use super::walk::Checker;
use crate::lang::types::Type;

/// A closure where it is made.
pub(super) struct Closure<'a> {
    pub(super) function: &'a Function,
    /// The variables that it takes along, and where each is first used.
    pub(super) captured: Vec<(String, Position)>,
}

impl Closure<'_> {
    /// Returns the parameters between its bars.
    pub(super) fn params(&self) -> &[String] {
        &self.function.params[self.captured.len().min(self.function.params.len())..]
    }
}

impl<'a> Checker<'a> {
    /// Follows an expression and returns its type.
    pub(super) fn expr(&mut self, expr: &Expr) -> Type {
        if let Some(closure) = self.closure_of(expr) {
            self.closure(&closure, &[]);
            return Type::Closure;
        }
        match expr {
            Expr::DynamicConstant(value, _) => self.catalog.type_of(value),
            Expr::BoolConstant(..) => Type::Bool,
            Expr::IntegerConstant(..) => Type::Int,
            Expr::FloatConstant(..) => Type::Float,
            Expr::CharConstant(..) => Type::Char,
            Expr::StringConstant(..) => Type::Text,
            Expr::Unit(_) => Type::Nothing,
            Expr::InterpolatedString(parts, _) => {
                parts.iter().for_each(|part| {
                    self.expr(part);
                });
                Type::Text
            }
            Expr::Array(items, _) => {
                let types: Vec<_> = items.iter().map(|item| self.expr(item)).collect();
                Type::array_of(types.into_iter().reduce(Type::join).unwrap_or(Type::Any))
            }
            Expr::Map(map, _) => {
                map.0.iter().for_each(|(_, value)| {
                    self.expr(value);
                });
                Type::Map
            }
            Expr::Variable(variable, _, position) if variable.2.is_empty() => {
                self.variable(&variable.1, *position)
            }
            Expr::Variable(variable, ..) => {
                self.namespace(&variable.2);
                Type::Any
            }
            Expr::ThisPtr(_) => self.frame.this.clone().unwrap_or(Type::Any),
            Expr::Stmt(block) => self.block(block.iter()),
            Expr::FnCall(call, position) => self.function_call(call, *position),
            Expr::Dot(..) | Expr::Index(..) => self.chain(expr),
            Expr::And(operands, _) | Expr::Or(operands, _) => {
                operands.iter().for_each(|operand| {
                    self.expr(operand);
                });
                Type::Bool
            }
            Expr::Coalesce(operands, _) => {
                let types: Vec<_> = operands.iter().map(|operand| self.expr(operand)).collect();
                types.into_iter().reduce(Type::join).unwrap_or(Type::Any)
            }
            Expr::Custom(custom, _) => {
                custom.inputs.iter().for_each(|input| {
                    self.expr(input);
                });
                Type::Any
            }
            _ => Type::Any,
        }
    }

    /// Returns the closure that an expression makes.
    pub(super) fn closure_of(&self, expr: &Expr) -> Option<Closure<'a>> {
        match expr {
            Expr::DynamicConstant(value, _) => {
                Some(Closure { function: self.named_closure(value)?, captured: Vec::new() })
            }
            Expr::Stmt(block) => {
                let call = currying(block)?;
                let Expr::DynamicConstant(value, _) = call.args.first()? else { return None };
                let captured = call.args[1..].iter().filter_map(|argument| match argument {
                    Expr::Variable(variable, _, position) => Some((variable.1.to_string(), *position)),
                    _ => None,
                });
                Some(Closure { function: self.named_closure(value)?, captured: captured.collect() })
            }
            _ => None,
        }
    }

    fn named_closure(&self, value: &Dynamic) -> Option<&'a Function> {
        let pointer = value.read_lock::<FnPtr>()?;
        self.program.closures.get(pointer.fn_name())
    }

    /// Follows a closure's body with the types that it will be called with; returns the type of its result.
    pub(super) fn closure(&mut self, closure: &Closure<'a>, params: &[Type]) -> Type {
        let mut frame = Frame::of_closure();
        for (name, position) in &closure.captured {
            let type_ = self.variable(name, *position);
            frame.declare(name, type_);
        }
        let outer = std::mem::replace(&mut self.frame, frame);
        for (index, name) in closure.params().iter().enumerate() {
            self.declare(name, params.get(index).cloned().unwrap_or(Type::Any));
        }
        let result = self.statements(&closure.function.body);
        self.frame = outer;
        if closure.function.returns_early { Type::Any } else { result }
    }

    /// Returns the type of an operator's result.
    pub(super) fn operator(&mut self, call: &FnCallExpr) -> Type {
        let types: Vec<_> = call.args.iter().map(|operand| self.expr(operand)).collect();
        operator_type(&call.name, &types)
    }
}

/// Returns the call that gives a closure its captured variables: rhai wraps it into a block of its own.
fn currying(block: &StmtBlock) -> Option<&FnCallExpr> {
    match block.statements() {
        [Stmt::Share(_), Stmt::Expr(expr)] => match &**expr {
            Expr::FnCall(call, _) if call.name == "curry" => Some(call),
            _ => None,
        },
        _ => None,
    }
}
