/// Requests that wait, taken by turns: first of each account one, and of an account's requests each in its turn.
struct FairQueue<Account: Hashable, ID: Hashable> {
  private var turns: [Account] = []
  private var waiting: [Account: [ID]] = [:]

  var isEmpty: Bool { turns.isEmpty }

  /// Puts a request behind those of its account.
  mutating func append(_ id: ID, of account: Account) {
    if waiting[account] == nil { turns.append(account) }
    waiting[account, default: []].append(id)
  }

  /// The request whose turn it is among those that `canRun`; it stays, at the end of the turns.
  mutating func next(where canRun: (ID) -> Bool) -> ID? {
    for (turn, account) in turns.enumerated() {
      guard let place = waiting[account]?.firstIndex(where: canRun), let id = waiting[account]?.remove(at: place)
      else { continue }
      waiting[account]?.append(id)
      turns.remove(at: turn)
      turns.append(account)
      return id
    }
    return nil
  }

  /// Takes a request out.
  mutating func remove(_ id: ID, of account: Account) {
    waiting[account]?.removeAll { $0 == id }
    guard waiting[account]?.isEmpty == true else { return }
    waiting[account] = nil
    turns.removeAll { $0 == account }
  }

  /// Requests in the order in which their turn comes first.
  var order: [ID] {
    var order: [ID] = []
    let rows = turns.map { waiting[$0] ?? [] }
    for place in 0..<(rows.map(\.count).max() ?? 0) {
      for row in rows where row.indices.contains(place) { order.append(row[place]) }
    }
    return order
  }
}
