# As the public image: settings are variables (discovery.type=…), and ELASTIC_PASSWORD is the password of the user elastic.
set -eu
home=/usr/share/elasticsearch
config=$home/config
mkdir -p /tmp/es
ES_JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
export ES_JAVA_HOME ES_TMPDIR=/tmp/es
cd "$home"

# As bin/elasticsearch and its like do it, which the archive has left without the right to run.
launch() {
  local name=$1 libs=$2
  shift 2
  exec java -Xmx64m -XX:+UseSerialGC -Dcli.name="$name" -Dcli.script="$home/bin/elasticsearch" -Dcli.libs="lib/tools/$libs" \
    -Des.path.home="$home" -Des.path.conf="$config" -Des.distribution.type=docker -Des.java.type=ES_JAVA_HOME \
    -cp "$home/lib/*:$home/lib/cli-launcher/*" org.elasticsearch.launcher.CliToolLauncher "$@"
}

if [ ! -e "$config/elasticsearch.keystore" ]; then
  printf 'network.host: 0.0.0.0\n' >"$config/elasticsearch.yml"
  printf '%s\n' -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Djava.io.tmpdir=/tmp/es >"$config/jvm.options"
  cat >"$config/log4j2.properties" <<LOGGING
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1.} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
LOGGING
  (launch keystore keystore-cli create)
  printf '%s' "$ELASTIC_PASSWORD" | (launch keystore keystore-cli add --stdin bootstrap.password)
fi
launch server server-cli
