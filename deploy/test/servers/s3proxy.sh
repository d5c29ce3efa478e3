#!/bin/sh
# Settings by S3PROXY_… and JCLOUDS_…, as in andrewgaul/s3proxy.
set -eu
cat >/tmp/s3proxy.conf <<PROPERTIES
s3proxy.endpoint=$S3PROXY_ENDPOINT
s3proxy.authorization=$S3PROXY_AUTHORIZATION
s3proxy.identity=$S3PROXY_IDENTITY
s3proxy.credential=$S3PROXY_CREDENTIAL
jclouds.provider=$JCLOUDS_PROVIDER
jclouds.filesystem.basedir=$JCLOUDS_FILESYSTEM_BASEDIR
PROPERTIES
exec java -DLOG_LEVEL="$LOG_LEVEL" -XX:+UseSerialGC -cp '/opt/s3proxy/libs/*' org.gaul.s3proxy.Main --properties /tmp/s3proxy.conf
