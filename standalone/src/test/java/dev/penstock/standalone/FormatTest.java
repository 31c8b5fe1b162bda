package dev.penstock.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.google.googlejavaformat.java.Main;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every Java file of the repository is as google-java-format leaves it. */
class FormatTest {
  private static final String REWRITE =
      "mvn -q -pl standalone -am test -Dtest=FormatTest -Dformat=write";

  @Test
  void everyJavaFileIsFormatted() throws Exception {
    Path root = Repository.root();
    List<Path> files = javaFiles(root);
    assertThat(files).as("Java files below " + root).hasSizeGreaterThan(50);

    boolean write = "write".equals(System.getProperty("format"));
    List<String> unformatted = format(files, write ? "--replace" : "--dry-run");

    if (!unformatted.isEmpty()) {
      fail(
          unformatted.size()
              + " file(s) are not formatted:\n  "
              + String.join("\n  ", unformatted)
              + "\nThis rewrites them: "
              + REWRITE);
    }
  }

  @Test
  void aFileThatIsNotFormattedIsNamed(@TempDir Path directory) throws Exception {
    Path crooked = Files.writeString(directory.resolve("Crooked.java"), "class  Crooked{ }\n");
    Path straight = Files.writeString(directory.resolve("Straight.java"), "class Straight {}\n");

    assertThat(format(List.of(crooked, straight), "--dry-run")).containsExactly(crooked.toString());
    assertThat(format(List.of(crooked, straight), "--replace")).isEmpty();
    assertThat(format(List.of(crooked, straight), "--dry-run")).isEmpty();
  }

  private static List<String> format(List<Path> files, String mode) throws Exception {
    var args = new ArrayList<String>();
    args.add(mode);
    files.forEach(file -> args.add(file.toString()));
    var out = new StringWriter();
    var err = new StringWriter();
    new Main(new PrintWriter(out), new PrintWriter(err), InputStream.nullInputStream())
        .format(args.toArray(String[]::new));
    assertThat(err.toString()).as("what the formatter complains about").isEmpty();
    return out.toString().lines().toList();
  }

  private static List<Path> javaFiles(Path root) {
    var files = new ArrayList<Path>();
    try {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes ignored) {
              String name = String.valueOf(directory.getFileName());
              boolean ours =
                  directory.equals(root) || !(name.equals("target") || name.startsWith("."));
              return ours ? FileVisitResult.CONTINUE : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes ignored) {
              if (file.toString().endsWith(".java")) {
                files.add(file);
              }
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    files.sort(null);
    return files;
  }
}
