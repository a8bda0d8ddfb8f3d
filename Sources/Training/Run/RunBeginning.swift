/// How a stage of a run begins.
enum RunBeginning {
  case new
  case resumed
  /// Resumed, and begun by a version that did not write down what a run was begun with: it goes on by the rules of then.
  case formerVersion
}
