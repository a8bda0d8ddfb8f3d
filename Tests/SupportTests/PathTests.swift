import Foundation
import Support
import SystemPackage
import TestBasics
import Testing

@Suite struct PathTests {
  @Test("the cache is XDG_CACHE_HOME if it is absolute, and otherwise in the home folder")
  func caches() {
    func cache(_ environment: [String: String]) -> String { UserFolders.cache(environment: environment).string }
    #expect(cache(["XDG_CACHE_HOME": "/c", "HOME": "/h"]) == "/c/thorax")
    #expect(cache(["XDG_CACHE_HOME": "relative", "HOME": "/h"]) == "/h/.cache/thorax")
    #expect(cache(["XDG_CACHE_HOME": "", "HOME": "/h"]) == "/h/.cache/thorax")
    // Without HOME the system's database of users has the folder.
    #expect(cache([:]).hasPrefix("/") && cache([:]).hasSuffix("/.cache/thorax"))
    #expect(cache(["HOME": "relative"]) == cache([:]))
  }

  @Test("the state is in XDG_STATE_HOME if it is absolute, and otherwise in the home folder")
  func state() {
    func state(_ environment: [String: String]) -> String { UserFolders.state(environment: environment).string }
    #expect(state(["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/thorax")
    #expect(state(["XDG_STATE_HOME": "relative", "HOME": "/h"]) == "/h/.local/state/thorax")
    #expect(state(["HOME": "/h"]) == "/h/.local/state/thorax")
  }

  @Test("a folder is made with those above it; a file in the way is named")
  func folders() throws {
    let root = try TemporaryFolder()
    let folder = FilePath(root.path("a/b/c"))
    #expect(!folder.exists && !folder.isFolder)
    try folder.makeWritableFolder()
    #expect(folder.isFolder)
    try Data("x".utf8).write(to: root.url.appendingPathComponent("file"))
    let inside = FilePath(root.path("file/inner"))
    #expect(throws: OutputError.folder(path: inside.string, reason: "Not a directory")) {
      try inside.makeWritableFolder()
    }
    #expect(FilePath(root.path("file")).byteCount == 1)
  }

  @Test("a link that leads nowhere takes its name")
  func links() throws {
    let root = try TemporaryFolder()
    let link = FilePath(root.path("link"))
    try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: root.path("nothing"))
    #expect(link.isTaken && !link.exists && !link.isFolder)
  }

  @Test("the folder of a name alone is the working folder")
  func folderOfName() {
    #expect(FilePath("name.png").folder == "." && FilePath("a/b").folder == "a" && FilePath("/b").folder == "/")
  }
}
