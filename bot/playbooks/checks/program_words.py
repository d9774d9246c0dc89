"""What the programs of a shell script are told to do: the words that read, and those that change something."""

from __future__ import annotations

import re

from bot.playbooks.checks.finding import words

KUBECTL_READS = words(
    "get describe logs top explain version events api-resources api-versions cluster-info diff wait options"
    " completion kustomize"
)
KUBECTL_CHANGES = words(
    "apply create delete edit patch replace scale autoscale run expose set label annotate cordon uncordon drain"
    " taint exec attach cp port-forward proxy debug certificate plugin"
)
KUBECTL_PARTS = {"rollout": ("status history", "restart undo pause resume"), "auth": ("can-i whoami", "reconcile"),
                  "config": ("view current-context get-contexts get-clusters get-users",
                             "use-context set set-context set-cluster set-credentials unset delete-context"
                             " delete-cluster delete-user rename-context use")}  # fmt: skip
KUBECTL_VALUED = words(
    "-n --namespace --context --cluster --user --kubeconfig -s --server --token --as --as-group --request-timeout"
    " --certificate-authority --client-certificate --client-key --cache-dir -v"
)
REDIS_READS = words(
    "ping echo info get mget strlen getrange exists ttl pttl type keys scan sscan hscan zscan dbsize slowlog"
    " latency memory object hget hmget hgetall hkeys hvals hlen hexists llen lrange lindex scard smembers"
    " sismember srandmember zcard zcount zrange zrangebyscore zrevrange zrank zscore xlen xrange xrevrange xread"
    " xinfo xpending time role lastsave command monitor randomkey dump bitcount getbit pubsub subscribe psubscribe"
    " wait auth select hello readonly readwrite quit lolwut sinter sunion sdiff expiretime"
)
REDIS_CHANGES = words(
    "set setex psetex setnx mset append incr incrby decr decrby incrbyfloat getset getdel getex setrange setbit"
    " del unlink expire pexpire expireat persist rename renamenx move copy restore migrate flushall flushdb hset"
    " hmset hsetnx hdel hincrby lpush rpush lpop rpop lset lrem ltrim linsert rpoplpush lmove blpop brpop sadd"
    " srem spop smove zadd zrem zincrby zpopmin zpopmax zremrangebyscore zremrangebyrank xadd xdel xtrim xgroup"
    " xack xclaim xautoclaim publish eval evalsha script function fcall save bgsave bgrewriteaof shutdown failover"
    " replicaof slaveof multi exec discard watch unwatch debug reset swapdb asking sort pfadd pfcount pfmerge"
    " geoadd"
)
REDIS_PARTS = {
    "config": ("get help", "set resetstat rewrite"),
    "client": ("list info id getname help", "kill pause unpause setname reply no-evict"),
    "cluster": ("info nodes slots shards myid keyslot countkeysinslot help links",
                "failover reset forget meet replicate addslots delslots setslot saveconfig bumpepoch"),
    "acl": ("list whoami users cat getuser log help", "setuser deluser save load"),
    "sentinel": ("masters master replicas slaves sentinels get-master-addr-by-name ckquorum", "failover reset set"),
}  # fmt: skip
REDIS_VALUED = words("-h -p -s -a -u -r -i -n -t -d -D -X --user --pass --cacert --cert --key --sni --pattern")
REDIS_READING_MODES = words("--stat --bigkeys --memkeys --hotkeys --latency --latency-history --scan")
CURL_VALUED = words(
    "-A -b -c -C -d -D -e -E -F -H -K -m -o -P -Q -r -T -u -U -w -x -X -y -Y -z --request --header --data --data-"
    " raw --data-binary --data-urlencode --form --output --user --user-agent --max-time --connect-timeout --retry"
    " --retry-delay --resolve --connect-to --cacert --cert --key --proxy --upload-file --write-out --cookie"
    " --referer --json --url --interface --range --limit-rate --ciphers --tls-max --unix-socket --aws-sigv4"
)
CURL_SENDS = re.compile(r"(?:-d|--data.*|-F|--form.*|-T|--upload-file|--json)")
METHODS = ("GET", "HEAD", "OPTIONS", "TRACE", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "PURGE")
TOOLS_READ = words(
    "awk basename cat cd cut date df dig dirname du echo env export false file free grep egrep fgrep head host"
    " hostname htop id ifconfig iostat jq journalctl last less local ls lsof mpstat nc netstat nslookup openssl"
    " pgrep ping printenv printf ps pwd read return sed seq set shift sleep sort ss stat tail tcpdump tee telnet"
    " test [ time top tr traceroute true type ulimit uname uniq unset uptime vmstat w wait wc whoami which xxd yq"
    " zcat zgrep mtr base64 tracepath break continue exit getent :"
)
TOOLS_CHANGE = words(
    "apt apt-get chmod chown cp dd iptables kill killall mkfs mount mv pkill reboot rm rmdir rsync scp service"
    " shutdown sysctl tar umount useradd userdel yum dnf truncate ln mkdir crontab source eval"
)
SYSTEMCTL_READS = words("status is-active is-enabled is-failed list-units list-timers list-sockets show cat")
SYSTEMCTL_CHANGES = words("start stop restart reload enable disable mask unmask kill daemon-reload edit reset-failed")
