/// How a stage of a run begins.
enum RunBeginning {
  case new
  case resumed
  /// Resumed, and begun by an earlier version, which did not record what a run was begun with: it goes on by that
  /// version's rules.
  case formerVersion
}
