# Puts files of configuration in their places, all of them or none. Of conf.sh, which says what comes in and goes out;
# after result.py.

import difflib, errno, fcntl, grp, hashlib, os, pwd, resource, signal, stat, sys

# For each file eight words: its name; its mode, in octal; its owner, or -; 1 where it is no template; its hash; its size;
# that of what is to be shown of it, or - where that is the same; 1 where it has been sent.
payload, venv, notes, shows, plan, home, what, *rest = sys.argv[1:]
chunk = 1 << 20
most_shown = 1 << 18
changed = False


def tell(change):
    """What has been done is told to the other side, and in a file to the script, for the history."""
    result("change", change)
    with open(os.path.join(os.path.dirname(payload), "changes"), "a") as file:
        file.write(change + "\n")


class Refused(Exception):
    pass


def refuse(code, sentence):
    raise Refused(code, sentence)


def refuse_for(error, path):
    """Refuses for what the system has refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        refuse("disk-full", "no space left for %s" % path)
    if error.errno == errno.ENAMETOOLONG:
        refuse("bad-argument", "the name of %s is too long" % path)
    if error.errno == errno.ENOENT:
        refuse("no-directory", "there is no directory for %s" % path)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        refuse("bad-argument", "%s is one file more than this host lets us have open: put fewer of them at once" % path)
    if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.ELOOP):
        refuse("in-the-way", "cannot write %s: %s" % (path, error.strerror))
    refuse("permission-denied", "cannot write %s: %s" % (path, error.strerror))


def lines_of(text):
    lines = text.decode("utf-8", "replace").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def parts_of(path):
    return [part for part in path.split("/") if part not in ("", ".")]


def copy(source, target, size):
    """Copies so many bytes, by descriptors; returns their hash."""
    digest = hashlib.sha256()
    while size > 0:
        data = os.read(source, min(size, chunk))
        if not data:
            break
        digest.update(data)
        size -= len(data)
        while data:
            data = data[os.write(target, data) :]
    return digest.hexdigest()


# Directories by their names: hundreds of files are in a few of them.
directories = {}


class File:
    def __init__(self, words, offset):
        self.name, mode, self.owner, raw, self.sha256, size, masked, sent = words
        self.mode = int(mode, 8)
        self.raw = raw == "1"
        self.sent = sent == "1"
        self.offset, self.size = offset, int(size)
        self.has_secrets = masked != "-"
        self.masked_size = 0 if masked == "-" else int(masked)
        if self.name.startswith("~/"):
            if home == "":
                sentence = "%s needs a home directory, and this account has none: name a path that begins with /"
                refuse("no-home", sentence % self.name)
            self.path = home + self.name[1:]
        else:
            self.path = os.path.join("/" if venv == "-" else venv, self.name)
        self.end = offset + (self.size + self.masked_size if self.sent else 0)
        self.uid, self.gid = self.ids()
        self.place = None
        self.note = os.path.join(notes, hashlib.sha256(self.path.encode("utf-8", "surrogateescape")).hexdigest()[:32])
        self.beside = []

    def ids(self):
        if self.owner == "-":
            return None, None
        user, _, group = self.owner.partition(":")
        try:
            entry = None if user.isdigit() else pwd.getpwnam(user)
            uid = int(user) if entry is None else entry.pw_uid
            if group == "":
                gid = (entry or pwd.getpwuid(uid)).pw_gid
            else:
                gid = int(group) if group.isdigit() else grp.getgrnam(group).gr_gid
        except KeyError:
            refuse("no-account", "this host has no user or group %s" % self.owner)
        return uid, gid

    def enter(self):
        """Opens the directory. Links on the way that another account made may lead anywhere, at any time."""
        parts = parts_of(self.path)
        self.last = parts.pop()
        name = "/".join(parts)
        if name not in directories:
            directories[name] = self.opened(parts)
        self.directory = directories[name]
        found = os.fstat(self.directory)
        self.place = found.st_dev, found.st_ino, self.last

    def opened(self, parts):
        here = os.open("/", os.O_PATH | os.O_DIRECTORY)
        gone, links = "", 0
        while parts:
            part = parts.pop(0)
            found = os.stat(part, dir_fd=here, follow_symlinks=False)
            if stat.S_ISLNK(found.st_mode):
                links += 1
                if found.st_uid not in (0, os.geteuid()) or links > 40:
                    refuse(
                        "unsafe-link",
                        "%s/%s, on the way to %s, is a symbolic link of another account: name the directory itself"
                        % (gone, part, self.name),
                    )
                target = os.readlink(part, dir_fd=here)
                parts = parts_of(target) + parts
                if not target.startswith("/"):
                    continue
                part, gone = "/", ""
            else:
                gone += "/" + part
            below = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
            os.close(here)
            here = below
        return here

    def find(self):
        """What is there: its state and its hash, or None."""
        try:
            found = os.stat(self.last, dir_fd=self.directory, follow_symlinks=False)
        except FileNotFoundError:
            return None, None
        if stat.S_ISLNK(found.st_mode):
            target = os.readlink(self.last, dir_fd=self.directory)
            refuse("in-the-way", "%s is a symbolic link: name %s itself" % (self.name, target))
        if not stat.S_ISREG(found.st_mode):
            kind = "a directory" if stat.S_ISDIR(found.st_mode) else "no file"
            refuse("in-the-way", "%s is %s" % (self.name, kind))
        with self.open_there() as file:
            return os.fstat(file.fileno()), hash_of(file)

    def open_there(self):
        return open(os.open(self.last, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.directory), "rb")

    def differs(self):
        self.there, self.hash_there = self.find()
        if self.there is None:
            return "written"
        if self.hash_there != self.sha256:
            return "changed"
        if stat.S_IMODE(self.there.st_mode) != self.mode:
            return "given mode %04o" % self.mode
        if self.uid is not None and (self.there.st_uid, self.there.st_gid) != (self.uid, self.gid):
            return "given to %s" % self.owner
        return None

    def is_known(self):
        """Whether its bytes are here: sent, or in its place already."""
        return self.sent or self.hash_there == self.sha256

    def content(self, start, size):
        with open(payload, "rb") as file:
            file.seek(start)
            return file.read(size)

    def is_shown(self):
        """Whether it is not too large, before and after."""
        return max(0 if self.there is None else self.there.st_size, self.size) <= most_shown

    def diff(self):
        if self.hash_there == self.sha256:
            return "%s keeps its bytes, and is given another mode or owner" % self.name
        if not self.is_shown():
            return "%s is too large for its differences to be shown" % self.name
        old = b""
        if self.there is not None:
            with self.open_there() as file:
                old = file.read(most_shown)
        new = self.content(self.offset, self.size)
        masked = self.content(self.offset + self.size, self.masked_size) if self.has_secrets else new
        if b"\0" in old + new:
            return "%s is binary, and differs" % self.name
        # What goes may have secrets that nobody knows any more.
        hides_old = self.has_secrets or not (self.there is None or self.there.st_mode & 0o004)
        hides_new = self.raw and not self.mode & 0o004
        a, b, shown = (lines_of(text) for text in (old, new, masked))
        lines = ["--- %s" % self.name, "+++ %s" % self.name]
        for group in difflib.SequenceMatcher(None, a, b).get_grouped_opcodes(3):
            first, last = group[0], group[-1]
            lines.append(
                "@@ -%d,%d +%d,%d @@" % (first[1] + 1, last[2] - first[1], first[3] + 1, last[4] - first[3])
            )
            for tag, a1, a2, b1, b2 in group:
                if tag == "equal":
                    lines += [" " + ("***" if hides_new else line) for line in shown[b1:b2]]
                    continue
                lines += ["-" + ("***" if hides_old else line) for line in a[a1:a2]]
                lines += ["+" + ("***" if hides_new else line) for line in shown[b1:b2]]
        if len(lines) > 200:
            lines = lines[:200] + ["(%d more lines)" % (len(lines) - 200)]
        return "\n".join(line[:300] for line in lines)

    def prepare(self):
        """Makes all that the change needs, beside what is there."""
        self.prepare_new()
        self.kept = self.is_foreign() and self.prepare_orig()
        self.prepare_note()

    def prepare_new(self):
        """The new file, private until it is whole."""
        name = ".%s.essay-new" % self.last
        while True:
            try:
                self.new = self.create(name)
            except FileExistsError:
                self.take_away_left(name)
                continue
            fcntl.flock(self.new, fcntl.LOCK_EX)
            if os.fstat(self.new).st_nlink == 1:
                break
            os.close(self.new)
            self.beside.remove(name)
        with open(payload, "rb", 0) if self.sent else self.open_there() as source:
            source.seek(self.offset if self.sent else 0)
            if copy(source.fileno(), self.new, self.size) != self.sha256:
                refuse("file-changed", "the file for %s was changed while it was sent: run it again" % self.name)
        uid, gid = self.uid, self.gid
        if uid is None and self.there is not None and os.geteuid() == 0:
            uid, gid = self.there.st_uid, self.there.st_gid
        if uid is not None:
            os.fchown(self.new, uid, gid)
        os.fchmod(self.new, self.mode)
        os.fsync(self.new)

    def create(self, name):
        """A file beside ours, private and only now made, which goes when it is not put into its place."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        made = os.open(name, flags, 0o600, dir_fd=self.directory)
        self.beside.append(name)
        return made

    def take_away_left(self, name):
        """Takes away what a run left that was killed; one that is at work holds it locked."""
        try:
            left = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self.directory)
        except FileNotFoundError:
            return
        try:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(name, dir_fd=self.directory)
        except FileNotFoundError:
            pass
        except BlockingIOError:
            refuse("locked", "%s is being written by another run" % self.name)
        finally:
            os.close(left)

    def is_foreign(self):
        """Whether what is there was not put there by us."""
        try:
            with open(self.note) as file:
                self.ours = file.read().split()
        except FileNotFoundError:
            self.ours = []
        return self.there is not None and self.hash_there not in [*self.ours, self.sha256]

    def prepare_orig(self):
        """The first foreign file is to stay as NAME.orig: by a second link, or a copy. False where there is one."""
        if self.has(self.last + ".orig"):
            return False
        name = ".%s.essay-orig" % self.last
        if self.has(name):
            os.unlink(name, dir_fd=self.directory)
        both = {"src_dir_fd": self.directory, "dst_dir_fd": self.directory}
        try:
            os.link(self.last, name, follow_symlinks=False, **both)
            self.beside.append(name)
        except OSError:
            # Some file systems have no links, and some systems let nobody link what belongs to others (proc(5)).
            self.copy_to(name)
        return True

    def copy_to(self, name):
        made = self.create(name)
        with self.open_there() as file:
            there = os.fstat(file.fileno())
            copy(file.fileno(), made, there.st_size)
        mode = there.st_mode & 0o777
        try:
            os.fchown(made, there.st_uid, there.st_gid)
        except OSError:
            # Then its group is another one, which may see no more than everybody.
            mode &= 0o707 | (mode & 0o007) << 3
        os.fchmod(made, mode)
        os.utime(made, ns=(there.st_atime_ns, there.st_mtime_ns))
        os.fsync(made)
        os.close(made)

    def has(self, name):
        try:
            os.stat(name, dir_fd=self.directory, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    def prepare_note(self):
        os.makedirs(notes, 0o700, exist_ok=True)
        fresh = os.open(self.note + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(fresh, "w") as file:
            file.write("".join("%s\n" % one for one in [*self.ours[-8:], self.sha256]))

    def replace(self):
        if self.kept:
            self.rename(".%s.essay-orig" % self.last, self.last + ".orig")
        os.rename(self.note + ".new", self.note)
        self.rename(".%s.essay-new" % self.last, self.last)
        os.close(self.new)

    def rename(self, name, target):
        os.rename(name, target, src_dir_fd=self.directory, dst_dir_fd=self.directory)
        self.beside.remove(name)

    def drop(self):
        """Takes away what was made and has not come into its place."""
        for name in [*self.beside, self.note + ".new"] if self.beside else []:
            try:
                os.unlink(name, dir_fd=self.directory)
            except OSError:
                pass


def hash_of(file):
    digest = hashlib.sha256()
    for data in iter(lambda: file.read(chunk), b""):
        digest.update(data)
    return digest.hexdigest()


def is_yet_to_come(file):
    """In a dry run: what is below the virtualenv will be there, when the steps before have done their work."""
    return plan == "1" and venv != "-" and not file.name.startswith(("/", "~/"))


def look(file):
    try:
        file.enter()
    except FileNotFoundError:
        if is_yet_to_come(file):
            file.there, file.hash_there = None, None
            return "written"
        raise
    return file.differs()


def differing(files):
    """Those that are not as they should be, each with what is to be done to it."""
    todo = []
    places = {}
    for file in files:
        try:
            how = look(file)
        except OSError as error:
            refuse_for(error, file.name)
        if file.place is not None:
            other = places.setdefault(file.place, file)
            if other is not file:
                refuse("bad-argument", "%s and %s are one file on this host" % (other.name, file.name))
        if how is not None:
            todo.append((file, how))
    return todo


def tell_differing(files, todo):
    """Asks for what differs and has not been sent, or tells what differs. The status with which we end."""
    wanted = [file for file, _ in todo if plan != "1" or (shows == "1" and file.is_shown())]
    needed = [file for file in wanted if not file.is_known()]
    for file in needed:
        result("needed", str(files.index(file)))
    if needed:
        return 5
    for file, how in todo:
        if plan == "1":
            result("change", "%s %s" % (file.name, how))
        try:
            if shows == "1":
                result("diff", file.diff())
        except OSError as error:
            refuse_for(error, file.name)
    return 3 if todo else 0


def put_all(todo):
    global changed
    for file, _ in todo:
        if not file.is_known():
            refuse("conf-changed", "%s was just as it should be: something else changes it" % file.name)
    try:
        # All of them first: a full disk is seen before anything has changed.
        for file, _ in todo:
            current = file
            file.prepare()
        for file, how in todo:
            current = file
            file.replace()
            changed = True
            kept = ", the one before kept as %s.orig" % file.name if file.kept else ""
            tell("%s %s%s" % (file.name, how, kept))
        for file, _ in todo:
            current = file
            if file.differs():
                refuse("conf-changed", "%s is not what was just written: something else changes it" % file.name)
    except OSError as error:
        refuse_for(error, current.name)
    finally:
        for file, _ in todo:
            file.drop()


def main():
    # Each new file is open until it is in its place.
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    files, offset = [], 0
    for i in range(0, len(rest), 8):
        files.append(File(rest[i : i + 8], offset))
        offset = files[-1].end
    todo = differing(files)
    if what == "look":
        return tell_differing(files, todo)
    put_all(todo)
    return 0


# Asked to end, we still take away what is half-done.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(4 if changed else 1))
try:
    sys.exit(main())
except Refused as error:
    result("error-code", error.args[0])
    result("error-message", error.args[1])
    sys.exit(4 if changed else 1)
except Exception as error:
    result("error-code", "conf-failed")
    result("error-message", "the script on the host failed: %s: %s" % (type(error).__name__, error))
    sys.exit(4 if changed else 1)
