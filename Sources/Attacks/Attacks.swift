@_exported public import APGD
@_exported public import FGSM
@_exported public import IFGSM
@_exported public import MIM
@_exported public import MadryEtAl
public import Robustness

/// The attacks there are. One is added by its line here and its module's above.
public enum Attacks {
  /// Every attack, in the order in which they are shown; names are distinct.
  public static let all: [any Attack.Type] = [
    FGSMAttack.self,
    IFGSMAttack.self,
    MIMAttack.self,
    MadryEtAlAttack.self,
    APGDAttack.self,
  ]

  /// Their names.
  public static var names: [String] { all.map { $0.information.name } }
}
