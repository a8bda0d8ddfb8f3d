import HTTPTypes
import Hummingbird

/// Puts the lists of routes behind the checks that all have in common.
struct ServiceRouter {
  let service: DrawingService
  let isTLS: Bool

  /// All routes of the service. What joins later, a page for one, is a list here.
  var routes: [Route] {
    let lists: [any RouteList] = [
      InformationRoutes(service: service), JobRoutes(service: service), OpenAIRoutes(service: service),
      Automatic1111Routes(service: service),
    ]
    return lists.flatMap(\.routes)
  }

  private static let methods: [HTTPRequest.Method] = [
    .get, .post, .put, .delete, .patch, .head, .options, .trace, .connect,
  ]

  /// The router: each route behind the gate, and for each path an answer to the methods that it has not.
  func router() -> Router<ServingContext> {
    let router = Router(context: ServingContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AnswerMiddleware(service: service, isTLS: isTLS))
    let gate = Gate(service: service)
    let routes = routes
    for route in routes {
      router.on(RouterPath(route.path), method: route.method) { request, context in
        var context = context
        context.caller = try await gate.admit(request, context, to: route)
        if route.needsTerms, route.access != .open { try await gate.checkTerms(request, context.caller) }
        return try await route.answer(request, context)
      }
    }
    for (path, routes) in Dictionary(grouping: routes, by: \.path) {
      var known = routes.map(\.method)
      if known.contains(.get) { known.append(.head) }
      let allowed = known.map(\.rawValue).sorted().joined(separator: ", ")
      for method in Self.methods where !known.contains(method) {
        router.on(RouterPath(path), method: method) { request, _ -> Response in
          throw APIError(
            .methodNotAllowed, "\(request.method.rawValue) is no method of this path: use \(allowed)", allowed: allowed)
        }
      }
    }
    return router
  }
}
