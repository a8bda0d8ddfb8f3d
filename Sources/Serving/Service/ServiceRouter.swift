import HTTPTypes
import Hummingbird

/// Puts the lists of routes behind the checks that all have in common.
struct ServiceRouter {
  let service: DrawingService
  let isTLS: Bool

  /// All routes of the service.
  var routes: [Route] {
    let lists: [any RouteList] = [
      PageRoutes(), InformationRoutes(service: service), JobRoutes(service: service), OpenAIRoutes(service: service),
      Automatic1111Routes(service: service), TeachingRoutes(service: service),
    ]
    return lists.flatMap(\.routes)
  }

  /// The router: each route behind the gate.
  func router() -> Router<ServingContext> {
    let routes = routes
    let router = Router(context: ServingContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AnswerMiddleware(service: service, paths: PathTable(routes), isTLS: isTLS))
    let gate = Gate(service: service)
    for route in routes {
      router.on(RouterPath(route.path), method: route.method) { request, context in
        var context = context
        context.caller = try await gate.admit(request, context, to: route)
        if route.needsTerms, route.access != .open { try await gate.checkTerms(request, context.caller) }
        return try await route.answer(request, context)
      }
    }
    return router
  }
}

/// The paths of all routes, for a method that a path does not have.
struct PathTable: Sendable {
  private let rows: [(parts: [Substring], methods: Set<String>)]

  init(_ routes: [Route]) {
    rows = Dictionary(grouping: routes, by: \.path).map { path, routes in
      var methods = Set(routes.map(\.method.rawValue))
      if methods.contains("GET") { methods.insert("HEAD") }
      return (path.split(separator: "/"), methods)
    }
  }

  /// The methods of a path, in order; nil for a path of no route.
  func methods(of path: String) -> String? {
    let parts = path.split(separator: "/")
    let row = rows.first { row in
      row.parts.count == parts.count && zip(row.parts, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    return row?.methods.sorted().joined(separator: ", ")
  }
}
